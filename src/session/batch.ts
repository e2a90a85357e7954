import { frontend } from '../../protocol/message-types.js';
import { MessageWriter } from '../../protocol/message-writer.js';
import { closeCompleteFrame, flushFrame, syncFrame } from '../../protocol/messages/bodiless.js';
import { decodeClose } from '../../protocol/messages/close.js';
import { decodeDescribe, encodeDescribe } from '../../protocol/messages/describe.js';
import { decodeExecute, encodeExecute } from '../../protocol/messages/execute.js';
import { UpstreamRequest } from '../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../errors/proxy-error.js';
import { quoteIdentifier } from '../sql/quote.js';
import { decodeInHand } from './in-hand.js';
import { noteForListening } from './notifications/listening.js';
import { overRate } from './over-rate.js';
import { executedNow } from './prepared/executed-now.js';
import { freeName, isInDoubt, whileInDoubt } from './prepared/free-names.js';
import { judgedAgain, upToDate } from './prepared/judged-again.js';
import { nameTaken } from './prepared/named-in-text.js';
import { forwardUnread, onBind, onParse } from './prepared/prepare.js';
import { prepareUpstream } from './prepared/prepare-upstream.js';
import { isOurName } from './prepared/statement-name.js';
import { refuseAnothers, refuseInBatch } from './refuse.js';
import type { Session, SessionPhase } from './session.js';
import { shareBatch } from './shared/share.js';
import { outdated } from './statements/kept-verdicts.js';
import { addsRows, Mention, mentionOf } from './statements/run.js';
import { runOf } from './statements/run-of.js';
import type { Portal, Statement } from './statements/statement.js';
import { isOutdated, noteSent, statementOf } from './statements/statement-of.js';

/** The extended query's messages (PG 55.2.3), each sent as it comes; what only we know is answered in its turn. */
export function onBatchMessage(session: Session, type: number): SessionPhase | null {
  if (session.phase === 'ready') {
    if ((type === frontend.Parse || type === frontend.Bind) && shareBatch(session, type)) return 'ready';
    if (session.reads.size > 0) return null;
  }
  session.pieces = 'forward';
  switch (type) {
    case frontend.Parse:
      return onParse(session);
    case frontend.Bind:
      return onBind(session);
    case frontend.Describe:
      return onDescribe(session);
    case frontend.Execute:
      return onExecute(session);
    case frontend.Close:
      return onClose(session);
    case frontend.Flush:
      return onFlush(session);
    case frontend.Sync:
      return onSync(session);
    default:
      throw new Error(`no place for a message of type ${type}`);
  }
}

/** Ends a batch that the client has ended, or meant to. */
export function sendSync(session: Session): void {
  session.attachment.held?.connection.send(syncFrame);
  expectReady(session);
}

function expectReady(session: Session): void {
  session.attachment.held?.connection.expect(new UpstreamRequest(frontend.Sync, 'forward', session.replies));
  session.openExchanges += 1;
  session.exchange += 1;
}

/** Data of a copy that isn't known to be under way: it may be, or has failed by now. Nobody answers it. */
export function sendStrayCopy(session: Session, type: number): SessionPhase {
  const connection = session.attachment.held?.connection;
  const mayCopy = connection !== undefined && connection.queue.size > 0;
  if (type === frontend.CopyData) {
    session.copying.data.pass(mayCopy ? connection : null);
  } else if (mayCopy) {
    session.forward();
    connection.expect(new UpstreamRequest(type, 'forward', session.replies));
  }
  return session.phase;
}

function onSync(session: Session): SessionPhase | null {
  if (session.attachment.held === null && hasBody(session)) {
    const upstream = session.attachment.acquire();
    if (upstream === null) return null;
    if (upstream instanceof ProxyError) return refuseInBatch(session, null, upstream);
  }
  if (session.attachment.held === null) {
    session.answerReady();
    return 'ready';
  }
  session.forward();
  expectReady(session);
  return 'ready';
}

function onFlush(session: Session): SessionPhase | null {
  if (hasBody(session)) return forwardUnread(session, frontend.Flush);
  if (session.attachment.held !== null) session.forward();
  return session.phase;
}

/** Sync and Flush have none; a server says so. */
function hasBody(session: Session): boolean {
  return session.reader.bodyBytes > 0;
}

function onDescribe(session: Session): SessionPhase | null {
  const asked = decodeInHand(session, decodeDescribe);
  if (asked?.target === 'statement' && isInDoubt(session, asked.name)) return null;
  const known = asked?.target === 'statement' ? session.statements.get(asked.name) : undefined;
  const prepared = asked == null || known === undefined ? undefined : upToDate(session, asked.name, known);
  if (prepared === null) return null;
  const refusal = prepared?.statement.judgement.refusal ?? null;
  if (refusal !== null) return refuseInBatch(session, prepared?.statement ?? null, refusal);
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseInBatch(session, null, upstream);
  if (asked?.target === 'statement' && prepared === undefined && isOurName(asked.name)) {
    return refuseAnothers(session, asked.name);
  }
  if (prepared !== undefined) prepareUpstream(session, upstream, prepared);
  if (prepared === undefined || prepared.upstreamName === '') {
    session.forward();
  } else {
    const writer = new MessageWriter(64);
    encodeDescribe(writer, { target: 'statement', name: prepared.upstreamName });
    upstream.connection.send(writer.take());
  }
  const described = asked?.target === 'portal' ? session.portals.get(asked.name)?.statement : undefined;
  const isPoliced = session.database.isPoliced;
  const note = isPoliced && described !== undefined ? new Mention(described) : null;
  const mention = asked == null || prepared === undefined ? note : mentionOf(isPoliced, asked.name, prepared);
  upstream.connection.expect(new UpstreamRequest(frontend.Describe, 'forward', session.replies, mention));
  return 'batch';
}

function onExecute(session: Session): SessionPhase | null {
  const limited = overRate(session);
  if (limited !== null) return refuseInBatch(session, null, limited);
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseInBatch(session, null, upstream);
  const { portal, rowsMax = 0 } = decodeInHand(session, decodeExecute) ?? {};
  const bound = portal === undefined ? undefined : session.portals.get(portal);
  const cursor = bound?.mayBeCursor === false ? undefined : cursorOfSql(session, portal);
  if (cursor === null) return null;
  const mayFetch = cursor !== undefined && (bound === undefined || cursor.judgement.refusal === null);
  const statement = mayFetch ? cursor : bound?.statement;
  const changed = bound === undefined ? statement?.judgement.refusal : refusalSinceBound(session, bound);
  if (changed === 'pending') return null;
  if (changed != null) return refuseInBatch(session, statement ?? null, changed);
  if (bound !== undefined) bound.hasRun = true;
  const taken = statement === undefined ? null : nameTaken(session, statement);
  if (taken !== null) return refuseInBatch(session, statement ?? null, taken);
  if (statement !== undefined) session.attachment.noteEffects(statement.effects);
  if (statement !== undefined) noteSent(session, statement);
  noteForListening(session, statement ?? null);
  const run = runOf(session, upstream, statement ?? null);
  run.rowsMax = rowsMax;
  const request = new UpstreamRequest(frontend.Execute, 'forward', session.replies, run);
  request.dropsRows = addsRows(bound === undefined ? run : new Mention(bound.statement));
  // A client that gets no rows has none to come back for.
  if (request.dropsRows) upstream.connection.send(executeAll(portal ?? ''));
  else session.forward();
  upstream.connection.expect(request);
  // Nothing follows until it has ended, so the server has to be told to answer now.
  if (run.meter !== null) upstream.connection.send(flushFrame);
  session.onStatementSent(statement ?? null);
  return 'batch';
}

/**
 * A cursor of SQL's can be executed as a portal: under a policy that is judged, and limited, as its FETCH would be.
 * Undefined: there is no policy, or it is no cursor. Null: a verdict is being made.
 */
function cursorOfSql(session: Session, name = ''): Statement | null | undefined {
  if (session.judging == null || session.judging.policies === null || name === '') return undefined;
  return statementOf(session, `FETCH ALL FROM ${quoteIdentifier(name)}`);
}

/**
 * What it was judged by when it was bound may have changed since. What has begun to run goes on, and what hasn't is run only
 * if it would be bound to the same now. 'pending': a verdict is being made.
 */
function refusalSinceBound(session: Session, { hasRun, prepared, statement }: Portal): ProxyError | 'pending' | null {
  if (hasRun || !isOutdated(session, statement)) return null;
  const again = judgedAgain(session, prepared);
  if (again === null) return 'pending';
  const { judgement, sent } = again.statement;
  if (judgement.refusal !== null || sent !== statement.sent) return judgement.refusal ?? outdated('portals');
  const executed = executedNow(session, again.statement, prepared.needs);
  if (executed === null) return 'pending';
  return executed instanceof ProxyError ? executed : null;
}

function executeAll(portal: string): Buffer {
  const writer = new MessageWriter(64);
  encodeExecute(writer, { portal, rowsMax: 0 });
  return writer.take();
}

function onClose(session: Session): SessionPhase | null {
  const asked = decodeInHand(session, decodeClose);
  if (asked?.target === 'statement') {
    return isInDoubt(session, asked.name) ? null : closeStatement(session, asked.name);
  }
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseInBatch(session, null, upstream);
  // A cursor of SQL's may have the name from now on.
  if (asked != null) session.portals.delete(asked.name);
  session.forward();
  upstream.connection.expect(new UpstreamRequest(frontend.Close, 'forward', session.replies));
  return 'batch';
}

function closeStatement(session: Session, name: string): SessionPhase | null {
  const { statements, attachment, replies } = session;
  const closed = statements.get(name);
  const isOfSql = closed === undefined && attachment.isAtStake && !isOurName(name);
  const upstream = isOfSql ? attachment.acquire() : attachment.held;
  if (isOfSql && upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseInBatch(session, null, upstream);
  if (upstream !== null && name !== '' && (attachment.hasClientNames || isOfSql)) {
    session.forward();
    if (isOfSql) attachment.noteUnknown();
    const reopened = freeName(session, upstream, name);
    upstream.connection.expect(new UpstreamRequest(frontend.Close, 'forward', replies, reopened));
    return 'batch';
  }
  statements.delete(name);
  if (upstream === null) {
    session.toClient(closeCompleteFrame);
    return 'batch';
  }
  // The statement stays upstream, for whoever prepares the same; only its name is gone.
  const reopened = whileInDoubt(session, [name], null, () => {
    if (closed !== undefined && !statements.has(name)) statements.set(name, closed);
  });
  upstream.connection.expect(new UpstreamRequest(frontend.Close, 'synthesise', replies, reopened));
  return 'batch';
}
