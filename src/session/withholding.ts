import type { ErrorFields } from '../../protocol/messages/error-fields.js';
import { decodeErrorResponse } from '../../protocol/messages/error-response.js';
import { inClientsNames, placeInText } from '../judge/rewriting.js';
import { redactError, redactNotice } from '../policy/redact-error.js';
import { errorFrame, noticeFrame } from './error-response.js';
import { statementIn } from './run.js';
import type { Statement } from './statement.js';

// What the server says of a statement that was changed, or that touches what is withheld, isn't what the client may hear. All of this is for policed databases.

/**
 * An error's frame as the client gets it; null: as it came.
 * @param note of the request that failed; without a statement it is the end of a transaction, or unknown
 * @param charsBefore the statement in the client's text
 */
export function toldError(note: unknown, body: Buffer, charsBefore: number): Buffer | null {
  const statement = statementIn(note);
  const isRestricted = statement?.judgement.isRestricted ?? true;
  const isChanged = statement !== null && statement.sent !== null;
  if (!isRestricted && !isChanged && charsBefore === 0) return null;
  const fields = inClientsText(decodeErrorResponse(body), statement, charsBefore);
  return errorFrame(isRestricted ? redactError(fields) : fields);
}

/** A notice's frame; null: the client hears nothing of it. */
export function toldNotice(note: unknown, frame: Buffer): Buffer | null {
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
