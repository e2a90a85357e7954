import type { ErrorFields } from '../../protocol/messages/error-fields.js';
import { decodeErrorResponse } from '../../protocol/messages/error-response.js';
import { placeInText } from '../judge/rewriting.js';
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
  const fields = placed(decodeErrorResponse(body), statement, charsBefore);
  return errorFrame(isRestricted ? redactError(fields) : fields);
}

/** A notice's frame; null: the client hears nothing of it. */
export function toldNotice(note: unknown, frame: Buffer): Buffer | null {
  const statement = statementIn(note);
  if (statement?.judgement.isRestricted === false) return frame;
  const told = redactNotice(decodeErrorResponse(frame.subarray(5)));
  return told === null ? null : noticeFrame(told);
}

/** Places are told in the client's own text. */
function placed(fields: ErrorFields, statement: Statement | null, charsBefore: number): ErrorFields {
  if (fields.position === undefined) return fields;
  const position = Number(fields.position);
  const template = statement?.judgement.template ?? null;
  const own = template === null || statement?.text == null ? position : placeInText(template, statement.text, position);
  return { ...fields, position: String(own + charsBefore) };
}
