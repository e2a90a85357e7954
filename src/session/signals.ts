import { decodeErrorResponse } from '../../protocol/messages/error-response.js';
import { Scanner, token } from '../sql/scan.js';
import type { Session } from './session.js';
import { type RequestNote, statementIn } from './statements/run.js';

/*
 * pg_terminate_backend() and pg_cancel_backend() (PG 9.28.2) take the process id of a session, and a client knows those
 * that we have told, which no server process has. The server says so in a warning and gives false; what was meant is
 * done here then, to clients of the same database and account, which the server would let it be done to.
 */

/** Nothing that runs in the server but this function gives a report such a name. */
const signalRoutine = 'pg_signal_backend';

/**
 * Does what a statement wanted of a client of ours that the server doesn't know. True: it was done, and is not to be warned
 * of; a promise: that hangs on another process.
 * @param note of the request that the notice came with
 */
export function carriesOutSignal(session: Session, note: RequestNote, body: Buffer): boolean | Promise<boolean> {
  // A text may raise as many notices as it likes, and is long perhaps: it isn't read for each of them.
  if (!body.includes(signalRoutine, 0, 'latin1')) return false;
  const { routine, message } = decodeErrorResponse(body);
  if (routine !== signalRoutine) return false;
  const text = statementIn(note)?.text;
  const signal = text == null ? null : signalIn(text);
  if (signal === null) return false;
  const { tenant, name: database, upstreamUser } = session.database;
  const processId = Number(message.match(/-?\d+/)?.[0]);
  return session.cancelKeys.signal({ signal, processId, tenant, database, upstreamUser }, session);
}

/**
 * Which of the two functions a text calls by its name; null: neither, or both, or one by a name that is hard to read. What a
 * policy lets somebody do with the one isn't done with the other, so mentioning it is nothing.
 */
function signalIn(text: string): 'terminate' | 'cancel' | null {
  const called = new Set<string>();
  const scanner = new Scanner(text);
  let before = '';
  for (let kind = scanner.next(); kind !== token.end && kind !== token.unterminated; kind = scanner.next()) {
    const written = text.slice(scanner.start, scanner.end);
    if (kind === token.punctuation && written === '(') called.add(before);
    if (kind === token.word) before = written.toLowerCase();
    else before = kind === token.quotedName ? written.slice(1, -1) : '';
  }
  const isTerminating = called.has('pg_terminate_backend');
  if (scanner.unusual || isTerminating === called.has('pg_cancel_backend')) return null;
  return isTerminating ? 'terminate' : 'cancel';
}

/** Makes true of false, in a row that has nothing else: `f` as text, a zero byte in binary. */
export function tellSignalled(buffer: Buffer, start: number): void {
  const isLone = buffer.readUInt16BE(start + 5) === 1 && buffer.readInt32BE(start + 7) === 1;
  if (!isLone) return;
  if (buffer[start + 11] === 0x66) buffer[start + 11] = 0x74;
  else if (buffer[start + 11] === 0) buffer[start + 11] = 1;
}
