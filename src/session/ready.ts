import { frontend } from '../../protocol/message-types.js';
import { MessageWriter } from '../../protocol/message-writer.js';
import { encodeQuery } from '../../protocol/messages/query.js';
import { decodeText } from '../../protocol/text.js';
import { UpstreamRequest } from '../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { PooledUpstream } from '../pool/pooled-upstream.js';
import { onBatchMessage, sendStrayCopy } from './batch.js';
import { missingBytes } from './in-hand.js';
import { prepareUpstream } from './prepare.js';
import { refuseQuery } from './refuse.js';
import { Deallocation, Run } from './run.js';
import type { Session, SessionPhase } from './session.js';
import type { Statement } from './statement.js';
import { largeStatement, statementOf } from './statement-of.js';

/** Between exchanges, and within a batch, a client may send the same; where it leads is the message's alone. */
export function onReadyMessage(session: Session, type: number): SessionPhase | null {
  switch (type) {
    case frontend.Query:
      return onQuery(session);
    case frontend.FunctionCall:
      return onFunctionCall(session);
    case frontend.Terminate:
      // What was sent before is answered before the connection closes.
      return session.openExchanges > 0 ? null : 'closed';
    case frontend.CopyData:
    case frontend.CopyDone:
    case frontend.CopyFail:
      return sendStrayCopy(session, type);
    default:
      return onBatchMessage(session, type);
  }
}

function onQuery(session: Session): SessionPhase | null {
  const text = heldText(session);
  const statement = text === null ? largeStatement(session.database) : statementOf(session, text);
  if (statement === null) return null;
  const { refusal } = statement.judgement;
  if (refusal !== null) return refuseQuery(session, statement, refusal);
  const limited = session.overRate();
  if (limited !== null) return refuseQuery(session, statement, limited);
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseQuery(session, statement, upstream);
  sendQuery(session, upstream, statement);
  return 'ready';
}

/** The text of a whole Query; null for one too large to be held. */
function heldText(session: Session): string | null {
  const { reader } = session;
  if (missingBytes(session) > 0) return null;
  return decodeText(reader.buffer, reader.start + 5, Math.max(reader.end - 1, reader.start + 5));
}

function sendQuery(session: Session, upstream: PooledUpstream, statement: Statement): void {
  const { attachment, replies } = session;
  attachment.noteEffects(statement.effects);
  // PG 55.2.3: a simple Query destroys the unnamed statement.
  session.statements.delete('');
  upstream.statements.unnamed = 0;
  session.pieces = 'forward';
  const run = sendUnderUpstreamName(session, upstream, statement) ?? sendAsItIs(session, statement);
  upstream.connection.expect(new UpstreamRequest(frontend.Query, 'forward', replies, run));
  session.openExchanges += 1;
  session.onStatementSent();
}

function sendAsItIs(session: Session, statement: Statement): Run {
  session.forward();
  return new Run(statement, performance.now());
}

/**
 * DEALLOCATE and EXECUTE of a statement that was prepared by Parse: psycopg and DBD::Pg do that. Upstream it has
 * another name.
 */
function sendUnderUpstreamName(session: Session, upstream: PooledUpstream, statement: Statement): Run | null {
  const only = statement.effects.statements?.length === 1 ? statement.effects.statements[0] : undefined;
  if (only === undefined || only.target === null || statement.text === null) return null;
  if (only.command !== 'deallocate' && only.command !== 'execute') return null;
  const prepared = session.statements.get(only.target);
  if (prepared === undefined || prepared.upstreamName === '') return null;
  prepareUpstream(session, upstream, prepared);
  const name = `"${prepared.upstreamName}"`;
  const text = statement.text.replace(afterCommand, (_match, command: string) => command + name);
  const writer = new MessageWriter(text.length + 16);
  encodeQuery(writer, { query: text });
  upstream.connection.send(writer.take());
  const startedAt = performance.now();
  return only.command === 'execute'
    ? new Run(statement, startedAt)
    : new Deallocation(statement, startedAt, only.target);
}

const afterCommand = /^(\s*(?:deallocate(?:\s+prepare)?|execute)\s+)(?:"(?:[^"]|"")*"|[^\s(;]+)/i;

function onFunctionCall(session: Session): SessionPhase | null {
  if (session.database.judge !== null) {
    const refusal = new ProxyError('policyDenied', 'permission denied: function calls by message are not allowed here');
    return refuseQuery(session, null, refusal);
  }
  const limited = session.overRate();
  if (limited !== null) return refuseQuery(session, null, limited);
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseQuery(session, null, upstream);
  session.attachment.noteUnknown();
  session.pieces = 'forward';
  session.forward();
  const run = new Run(null, performance.now());
  upstream.connection.expect(new UpstreamRequest(frontend.FunctionCall, 'forward', session.replies, run));
  session.openExchanges += 1;
  session.onStatementSent();
  return 'ready';
}
