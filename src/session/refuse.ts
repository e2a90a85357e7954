import { frontend } from '../../protocol/message-types.js';
import { MessageWriter } from '../../protocol/message-writer.js';
import { encodeBind } from '../../protocol/messages/bind.js';
import { encodeExecute } from '../../protocol/messages/execute.js';
import { encodeParse } from '../../protocol/messages/parse.js';
import { queryFrame } from '../../protocol/messages/query.js';
import { type PostgresUpstream, UpstreamRequest } from '../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../errors/proxy-error.js';
import { errorResponse } from './error-response.js';
import { statementNamePrefix } from './prepared/statement-name.js';
import type { Session, SessionPhase } from './session.js';
import { Refusal } from './statements/run.js';
import type { ClientStatement, Statement } from './statements/statement.js';

// A statement that is refused behind something unfinished must fail at the server too, or what the client did before
// would stay: a transaction would go on as if nothing had happened, and a batch would be committed without it. So the
// server gets a text in its place that no server can parse, and the client gets our reason for the server's. Where the
// server would not have looked at names in a transaction that has failed, it gets one that can be parsed and names
// nothing, so that it says itself whether it is in one.
const unparsable = 'pgturnstile: refused by the proxy';
const meaningless = 'SELECT "pgturnstile: refused by the proxy"';
// What has such a name is never made. One without a name would take the client's with it.
const refusedName = `${statementNamePrefix}refused`;
// A PREPARE TRANSACTION that fails ends its transaction, and drivers count on that; no server takes a name this long.
const unpreparable = `PREPARE TRANSACTION '${'x'.repeat(200)}'`;

/** What a server says of a message whose body isn't as it should be. */
export function malformed(message: string): ProxyError {
  return new ProxyError('protocolViolation', message, { severity: 'ERROR' });
}

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
  const isReadable = readsAsOthers(statement, reason);
  const failing = isReadable ? meaningless : unparsable;
  upstream.connection.send(queryFrame(preparesTransaction(statement) ? unpreparable : failing));
  upstream.connection.unnamed = 0;
  const note = new Refusal(error, isReadable, unnamedBefore);
  upstream.connection.expect(new UpstreamRequest(frontend.Query, 'forward', session.replies, note));
  session.openExchanges += 1;
  return 'ready';
}

/** Answers a Parse that is not sent. PG 55.2.3: one without a name has destroyed the unnamed statement, though it fails. */
export function refuseParse(session: Session, name: string, statement: Statement, reason: ProxyError): SessionPhase {
  if (name !== '') return refuseInBatch(session, statement, reason);
  const before = session.statements.get('');
  session.statements.delete('');
  return refuseInBatch(session, statement, reason, { before });
}

/**
 * Answers a message of a batch that is not sent; what follows is skipped up to the Sync, here or at the server.
 * @param unnamed the message takes the unnamed statement with it: what comes back should it be skipped itself
 */
export function refuseInBatch(
  session: Session,
  statement: Statement | null,
  reason: ProxyError,
  unnamed: { readonly before: ClientStatement | undefined } | null = null,
): SessionPhase {
  const error = refusalFrame(session, statement, reason);
  const upstream = session.attachment.held;
  if (upstream === null || (!session.attachment.isBusy && session.phase === 'ready')) {
    session.toClient(error);
    return 'skipToSync';
  }
  if (preparesTransaction(statement)) failToPrepare(session, upstream.connection, error);
  const isReadable = readsAsOthers(statement, reason);
  upstream.connection.send(failingParse(isReadable ? meaningless : unparsable, unnamed === null ? refusedName : ''));
  if (unnamed !== null) upstream.connection.unnamed = 0;
  const note = new Refusal(error, isReadable, unnamed?.before);
  upstream.connection.expect(new UpstreamRequest(frontend.Parse, 'forward', session.replies, note));
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
  const position = statement?.judgement.refusal === reason ? statement.judgement.position : null;
  return errorResponse(reason, position === null ? null : position + (session.inParts?.charsBefore ?? 0));
}

function preparesTransaction(statement: Statement | null): boolean {
  return statement?.effects.first === 'prepare transaction';
}

/** In a batch: does nothing where the server is in no transaction that it could prepare. */
function failToPrepare(session: Session, connection: PostgresUpstream, error: Buffer): void {
  const writer = new MessageWriter(512);
  encodeParse(writer, { statement: '', query: unpreparable, parameterTypes: [] });
  encodeBind(writer, { portal: '', statement: '', parameterFormats: [], parameters: [], resultFormats: [] });
  encodeExecute(writer, { portal: '', rowsMax: 0 });
  connection.send(writer.take());
  for (const message of [frontend.Parse, frontend.Bind, frontend.Execute]) {
    connection.expect(new UpstreamRequest(message, 'swallow', session.replies, new Refusal(error, false)));
  }
}

const endings = /^(?:commit|rollback|prepare transaction)/;

/** Whether a server whose transaction has failed would say so before it found anything wrong with the statement. */
function readsAsOthers(statement: Statement | null, reason: ProxyError): boolean {
  if (statement === null) return reason.fault === 'policy';
  const { judgement, effects } = statement;
  return judgement.refusal === reason && !judgement.isUnreadable && !endings.test(effects.first);
}

const nothing = Buffer.alloc(0);

/** Lets a batch fail at the server whose client was told so already. */
export function failBatch(session: Session): void {
  const connection = session.attachment.held?.connection;
  connection?.send(failingParse(unparsable, refusedName));
  connection?.expect(new UpstreamRequest(frontend.Parse, 'forward', session.replies, new Refusal(nothing, false)));
}

/** The same for a transaction, between exchanges: the client gets the ReadyForQuery that comes of it. */
export function failTransaction(session: Session): void {
  const connection = session.attachment.held?.connection;
  connection?.send(queryFrame(unparsable));
  connection?.expect(new UpstreamRequest(frontend.Query, 'forward', session.replies, new Refusal(nothing, false)));
}

function failingParse(query: string, name: string): Buffer {
  const writer = new MessageWriter(64);
  encodeParse(writer, { statement: name, query, parameterTypes: [] });
  return writer.take();
}
