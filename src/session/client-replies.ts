import { backend } from '../../protocol/message-types.js';
import { closeCompleteFrame } from '../../protocol/messages/bodiless.js';
import { decodeErrorResponse } from '../../protocol/messages/error-response.js';
import {
  type PostgresUpstream,
  type ReplyOwner,
  transactionStatus,
  type UpstreamLoss,
  type UpstreamRequest,
} from '../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../errors/proxy-error.js';
import { errorFrame, errorResponse, withSeverity } from './error-response.js';
import { Assumption, Deallocation, Refusal, Run } from './run.js';
import type { Session } from './session.js';
import { statementNamePrefix } from './statement-name.js';

/** Takes what the upstream answers to a client's requests, and passes it on. */
export class ClientReplies implements ReplyOwner {
  readonly #session: Session;
  /** Bytes that came for a client that is gone. */
  #unreadBytes = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  onBytes(buffer: Buffer, start: number, end: number): void {
    this.#session.toClient(buffer, start, end);
    this.#session.countCopied(end - start);
    if (this.#session.phase !== 'closed') return;
    // Rows for nobody: a server that writes to a reset connection gives the statement up.
    this.#unreadBytes += end - start;
    if (this.#unreadBytes > unreadBytesMax) this.#session.attachment.connection?.destroy();
  }

  onReply(request: UpstreamRequest, type: number, buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    switch (type) {
      case backend.ErrorResponse:
        return this.#onError(request, buffer, start, end);
      case backend.CommandComplete:
        this.#onCommandComplete(request, buffer, start, end);
        break;
      case backend.PortalSuspended:
      case backend.EmptyQueryResponse:
        if (request.note instanceof Run) session.recordRun(request.note, 0, null);
        break;
      case backend.CopyInResponse:
        session.noteCopy(request.note);
        session.enterCopyIn(request.request);
        break;
      case backend.CopyOutResponse:
        session.noteCopy(request.note);
        break;
      case backend.ReadyForQuery:
        session.toClient(buffer, start, end);
        return session.onReadyForQuery(buffer[start + 5] as number);
    }
    if (request.disposition === 'forward') session.toClient(buffer, start, end);
    session.onAnswered();
  }

  onAsync(type: number, buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    if (type === backend.ParameterStatus) session.onParameter(buffer.subarray(start + 5, end));
    if (type === backend.NotificationResponse) this.#signOwn(buffer, start);
    session.toClient(buffer, start, end);
  }

  /** A client tells its own notifications by the server process that sent them: it knows that one by our name for it. */
  #signOwn(buffer: Buffer, start: number): void {
    const { attachment, processId } = this.#session;
    if (buffer.readInt32BE(start + 5) === attachment.connection?.secrets.processId) {
      buffer.writeInt32BE(processId, start + 5);
    }
  }

  /** The one reply that is made by us in its turn: that of a Close of a statement. */
  onTurn(): void {
    this.#session.toClient(closeCompleteFrame);
  }

  onSkipped(request: UpstreamRequest): void {
    const { note } = request;
    if (note instanceof Assumption || note instanceof Deallocation) note.undo(true);
  }

  onLost(loss: UpstreamLoss, upstream: PostgresUpstream, unanswered: readonly UpstreamRequest[]): void {
    const session = this.#session;
    if (session.attachment.connection !== upstream) return;
    for (const { note } of unanswered.toReversed()) {
      if (note instanceof Assumption || note instanceof Deallocation) note.undo(true);
      if (note instanceof Run) session.recordRun(note, 0, loss.lastWords?.sqlstate ?? '08006');
    }
    const { isTied } = session.attachment;
    session.attachment.lose();
    if (session.phase === 'closed') return;
    if (loss.isMidMessage) return session.destroy('the upstream was lost within a message');
    const isWholeStatement =
      session.phase === 'ready' && session.openExchanges === 1 && upstream.status === transactionStatus.idle;
    // A server that lost its place in what the client sent ends the session for the client as well.
    if (!isWholeStatement || isTied || loss.lastWords?.sqlstate === '08P01') {
      return session.endWith(lossFrame(loss, 'FATAL', session.isTimedOut), 'upstream lost');
    }
    session.failExchange(lossFrame(loss, 'ERROR', session.isTimedOut));
  }

  #onError(request: UpstreamRequest, buffer: Buffer, start: number, end: number): void {
    this.#passError(request, buffer, start, end);
    this.#session.onAnswered();
  }

  #passError(request: UpstreamRequest, buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    const { note } = request;
    const renamed = this.#withClientNames(buffer, start, end);
    if (note instanceof Assumption || note instanceof Deallocation) note.undo(false);
    if (note instanceof Run) session.recordRun(note, 0, sqlstateOf(buffer.subarray(start + 5, end)));
    session.onCopyFailed();
    if (note instanceof Refusal) return session.toClient(note.error);
    if (renamed !== null) return session.toClient(renamed);
    if (session.isTimedOut) {
      const fields = decodeErrorResponse(buffer.subarray(start + 5, end));
      if (fields.sqlstate === '57014') {
        return session.toClient(errorFrame({ ...fields, message: 'canceling statement due to statement timeout' }));
      }
    }
    session.toClient(buffer, start, end);
  }

  /** The upstream's names of prepared statements mean nothing to the client. Null: there are none in the error. */
  #withClientNames(buffer: Buffer, start: number, end: number): Buffer | null {
    const nameAt = buffer.indexOf(statementNamePrefix, start, 'latin1');
    if (nameAt < 0 || nameAt >= end) return null;
    const fields = decodeErrorResponse(buffer.subarray(start + 5, end));
    let { message } = fields;
    for (const [name, { upstreamName }] of this.#session.statements) {
      if (upstreamName !== '' && message.includes(upstreamName)) message = message.replaceAll(upstreamName, name);
    }
    return errorFrame({ ...fields, message });
  }

  #onCommandComplete(request: UpstreamRequest, buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    const { note } = request;
    if (note instanceof Run) session.recordRun(note, rowsOf(buffer, end), null);
    // D: DISCARD ALL and DEALLOCATE ALL among other statements drop those that were prepared by Parse as well.
    if (buffer[start + 5] === 0x44 && !(note instanceof Deallocation)) {
      const tag = buffer.toString('latin1', start + 5, end - 1);
      if (tag === 'DISCARD ALL' || tag === 'DEALLOCATE ALL') session.forgetStatements();
    }
  }
}

const unreadBytesMax = 1024 * 1024;

/** The number that ends a command tag, and counts rows; 0 where there is none. */
function rowsOf(buffer: Buffer, end: number): number {
  let rows = 0;
  let scale = 1;
  for (let at = end - 2; at >= 0; at--) {
    const digit = (buffer[at] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    rows += digit * scale;
    scale *= 10;
  }
  return rows;
}

function sqlstateOf(body: Buffer): string {
  for (let at = 0; at < body.length && body[at] !== 0; at = body.indexOf(0, at) + 1) {
    if (body[at] === 0x43) return body.toString('latin1', at + 1, at + 6);
  }
  return 'XX000';
}

/** What a client is told of a lost upstream: the server's own last words where it had any. */
function lossFrame(loss: UpstreamLoss, severity: 'ERROR' | 'FATAL', isTimedOut: boolean): Buffer {
  if (loss.lastWords !== null) return withSeverity(loss.lastWords, severity);
  const detail = 'It is not known whether the statement was carried out.';
  if (isTimedOut) {
    const message = 'canceling statement due to statement timeout';
    return errorResponse(new ProxyError('queryTimeout', message, { severity, detail }));
  }
  const message = 'server closed the connection unexpectedly';
  const code = severity === 'FATAL' ? 'upstreamLostInTransaction' : 'upstreamLost';
  return errorResponse(new ProxyError(code, message, { detail }));
}
