import { frontend } from '../../protocol/message-types.js';
import { MessageWriter } from '../../protocol/message-writer.js';
import { encodeParse } from '../../protocol/messages/parse.js';
import { encodeQuery } from '../../protocol/messages/query.js';
import { UpstreamRequest } from '../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../errors/proxy-error.js';
import { errorResponse } from './error-response.js';
import { Refusal } from './run.js';
import type { Session, SessionPhase } from './session.js';
import type { Statement } from './statement.js';

// A statement that is refused behind something unfinished must fail at the server too, or what the client did before
// would stay: a transaction would go on as if nothing had happened, and a batch would be committed without it. So the
// server gets a text in its place that no server can parse, and the client gets our reason for the server's.
const unparsable = 'pgturnstile: refused by the proxy';

/** Answers a Query or FunctionCall that is not sent. */
export function refuseQuery(session: Session, statement: Statement | null, reason: ProxyError): SessionPhase {
  const error = refusalFrame(session, statement, reason);
  const upstream = session.attachment.held;
  const unnamedBefore = session.statements.get('');
  session.statements.delete('');
  if (upstream === null || (!session.attachment.isBusy && session.phase === 'ready')) {
    session.toClient(error);
    session.answerReady();
    return 'ready';
  }
  upstream.connection.send(unparsableQuery());
  upstream.connection.unnamed = 0;
  upstream.connection.expect(
    new UpstreamRequest(frontend.Query, 'forward', session.replies, new Refusal(error, unnamedBefore)),
  );
  session.openExchanges += 1;
  return 'ready';
}

/** Answers a message of a batch that is not sent; what follows is skipped up to the Sync, here or at the server. */
export function refuseInBatch(session: Session, statement: Statement | null, reason: ProxyError): SessionPhase {
  const error = refusalFrame(session, statement, reason);
  const upstream = session.attachment.held;
  if (upstream === null || (!session.attachment.isBusy && session.phase === 'ready')) {
    session.toClient(error);
    return 'skipToSync';
  }
  upstream.connection.send(unparsableParse());
  upstream.connection.unnamed = 0;
  upstream.connection.expect(new UpstreamRequest(frontend.Parse, 'forward', session.replies, new Refusal(error)));
  return 'batch';
}

/** Answers a Bind or Describe of what another client has prepared: to this one it doesn't exist. */
export function refuseAnothers(session: Session, name: string): SessionPhase {
  const message = `prepared statement "${name}" does not exist`;
  return refuseInBatch(session, null, new ProxyError('invalidParameter', message, { sqlstate: '26000' }));
}

function refusalFrame(session: Session, statement: Statement | null, reason: ProxyError): Buffer {
  session.pieces = 'drop';
  session.recorder.onRefused(session, statement, reason);
  return errorResponse(reason, statement?.judgement.refusal === reason ? statement.judgement.position : null);
}

const nothing = Buffer.alloc(0);

/** Lets a batch fail at the server whose client was told so already. */
export function failBatch(session: Session): void {
  const connection = session.attachment.held?.connection;
  connection?.send(unparsableParse());
  connection?.expect(new UpstreamRequest(frontend.Parse, 'forward', session.replies, new Refusal(nothing)));
}

/** The same for a transaction, between exchanges: the client gets the ReadyForQuery that comes of it. */
export function failTransaction(session: Session): void {
  const connection = session.attachment.held?.connection;
  connection?.send(unparsableQuery());
  connection?.expect(new UpstreamRequest(frontend.Query, 'forward', session.replies, new Refusal(nothing)));
}

function unparsableQuery(): Buffer {
  const writer = new MessageWriter(64);
  encodeQuery(writer, { query: unparsable });
  return writer.take();
}

function unparsableParse(): Buffer {
  const writer = new MessageWriter(64);
  encodeParse(writer, { statement: '', query: unparsable, parameterTypes: [] });
  return writer.take();
}
