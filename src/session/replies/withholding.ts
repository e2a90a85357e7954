import type { ErrorFields } from '../../../protocol/messages/error-fields.js';
import { decodeErrorResponse } from '../../../protocol/messages/error-response.js';
import type { UpstreamLoss } from '../../backend/postgres/postgres-upstream.js';
import type { Judgement } from '../../judge/judgement.js';
import { inClientsNames, placeInText } from '../../judge/rewriting.js';
import { redactError, redactNotice } from '../../policy/errors/redact-error.js';
import { quoteName } from '../../policy/settings/search-path.js';
import { errorFrame, noticeFrame } from '../error-response.js';
import { type RequestNote, statementIn } from '../statements/run.js';
import type { Statement } from '../statements/statement.js';

// What the server says of a statement that was changed, or that touches what is withheld, isn't what the client may hear. All of this is for policed databases.

/**
 * An error's frame as the client gets it; null: as it came.
 * @param note of the request that failed; without a statement it is the end of a transaction, or unknown
 * @param charsBefore the statement in the client's text
 */
export function toldError(note: RequestNote, body: Buffer, charsBefore: number): Buffer | null {
  const fields = decodeErrorResponse(body);
  const told = toldFields(note, fields, charsBefore);
  return told === fields ? null : errorFrame(told);
}

/**
 * A server's last words as the client gets them: they say where the statement was, and what it ran.
 * @param unanswered what the client has sent and the server hasn't answered; the first of it ran
 */
export function toldLoss(loss: UpstreamLoss, unanswered: readonly { readonly note: RequestNote }[]): UpstreamLoss {
  const [running] = unanswered;
  if (loss.lastWords === null || running === undefined) return loss;
  return { ...loss, lastWords: toldFields(running.note, loss.lastWords, 0) };
}

function toldFields(note: RequestNote, fields: ErrorFields, charsBefore: number): ErrorFields {
  const statement = statementIn(note);
  const judgement = statement?.judgement ?? null;
  const isChanged = statement !== null && statement.sent !== null;
  const isTold = judgement !== null && !judgement.isRestricted && (judgement.isOpen || isOfItsOwn(fields, judgement));
  if (isTold && !isChanged && charsBefore === 0) return fields;
  const told = inClientsText(fields, statement, charsBefore);
  return isTold ? told : redactError(told);
}

/**
 * Whether an error is about what its statement names: not about what that reaches by a foreign key, a trigger, a view or a
 * function, which may be withheld. What a function raises for its callers to read is theirs.
 */
function isOfItsOwn(fields: ErrorFields, { relations }: Judgement): boolean {
  const { sqlstate, schema, table, where, detail } = fields;
  // These list what hangs on it, or refers to it.
  if (sqlstate === dependent || detail?.startsWith('Table "')) return false;
  const isInFunction = where !== undefined && !ownPlace.test(where);
  if (isInFunction && sqlstate !== raised) return false;
  if (table === undefined || schema === undefined) return !(detail?.startsWith('Failing row contains') ?? false);
  const name = `${quoteName(schema)}.${quoteName(table)}`;
  return relations.some((relation) => relation.name === name);
}

/** raise_exception */
const raised = 'P0001';
/** dependent_objects_still_exist */
const dependent = '2BP01';
const ownPlace = /^(?:COPY |unnamed portal |portal |while |JSON data)/;

/** A notice's frame; null: the client hears nothing of it. */
export function toldNotice(note: RequestNote, frame: Buffer): Buffer | null {
  const statement = statementIn(note);
  if (statement?.judgement.isRestricted === false) return frame;
  const told = redactNotice(decodeErrorResponse(frame.subarray(5)));
  return told === null ? null : noticeFrame(told);
}

/** Names and places are told as they are in the client's own text. */
function inClientsText(fields: ErrorFields, statement: Statement | null, charsBefore: number): ErrorFields {
  const template = statement?.judgement.template ?? null;
  const text = statement?.text ?? null;
  const isChanged = template !== null && text !== null;
  const message = isChanged ? inClientsNames(template, text, fields.message) : fields.message;
  if (fields.position === undefined) return { ...fields, message };
  const position = Number(fields.position);
  const own = isChanged ? placeInText(template, text, position) : position;
  return { ...fields, message, position: String(own + charsBefore) };
}
