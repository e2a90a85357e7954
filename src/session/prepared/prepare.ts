import { frontend } from '../../../protocol/message-types.js';
import { decodeBindNames, renameBind } from '../../../protocol/messages/bind.js';
import { renameParse } from '../../../protocol/messages/parse.js';
import { decodeText, isWellFormed } from '../../../protocol/text.js';
import { UpstreamRequest } from '../../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { PooledUpstream } from '../../pool/pooled-upstream.js';
import { nextParseTime } from '../../pool/upstream-statements.js';
import { quoteIdentifier } from '../../sql/quote.js';
import { bodyInHand, decodeInHand, missingBytes } from '../in-hand.js';
import { refuseAnothers, refuseInBatch, refuseParse } from '../refuse.js';
import type { Session, SessionPhase } from '../session.js';
import { Assumption, mentionOf } from '../statements/run.js';
import { type ClientStatement, Portal, type Statement } from '../statements/statement.js';
import { largeStatement, statementOf, statementToPrepare } from '../statements/statement-of.js';
import { keptName } from './by-name.js';
import { showClientNames } from './client-names.js';
import { executedNow } from './executed-now.js';
import { isInDoubt, whileInDoubt } from './free-names.js';
import { upToDate } from './judged-again.js';
import { namedInText, namesDoubtful } from './named-in-text.js';
import { parameterTypesAt, restToSend } from './parse-body.js';
import {
  announce,
  closeExcess,
  emptyRest,
  prepareNamed,
  prepareUpstream,
  sendClose,
  sendKeptParse,
} from './prepare-upstream.js';
import { isOurName, statementName } from './statement-name.js';

type BindNames = ReturnType<typeof decodeBindNames>;

/** Prepared statements one client may hold at once, and portals: SQL's CLOSE ends some unseen. */
const heldMax = 20_000;
/** Their texts together, of each kind. */
const heldBytesMax = 32 * 1024 * 1024;

const namesTooLong = new ProxyError('statementTooLarge', 'a name of a prepared statement or portal is too long');

export function onParse(session: Session): SessionPhase | null {
  const body = bodyInHand(session);
  const nameEnd = body.indexOf(0);
  const textEnd = body.indexOf(0, nameEnd + 1);
  const isWhole = missingBytes(session) === 0;
  if (nameEnd < 0 || (isWhole && textEnd < 0)) return forwardUnread(session, frontend.Parse);
  const statement = isWhole
    ? statementToPrepare(session, decodeText(body, nameEnd + 1, textEnd), parameterTypesAt(body, textEnd + 1))
    : largeStatement(session.database);
  if (statement === null) return null;
  const name = decodeText(body, 0, nameEnd);
  const refusal = refusalOf(statement);
  if (refusal !== null) return refuseParse(session, name, statement, refusal);
  if ((name !== '' && isInDoubt(session, name)) || namesDoubtful(session, statement)) return null;
  const executed = executedNow(session, statement);
  if (executed === null) return null;
  if (executed instanceof ProxyError) return refuseParse(session, name, statement, executed);
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseParse(session, name, statement, upstream);
  if (isFull(session.statements)) return refuseParse(session, name, statement, tooMany('prepared statements'));
  // The server won't see the name, so what is wrong with it has to be asked for.
  const isUtf8 = upstream.connection.parameters.get('client_encoding') === 'UTF8';
  if (isUtf8 && !isWellFormed(name)) return forwardUnread(session, frontend.Parse);
  if (statement.effects.seesPrepared) {
    if (session.phase === 'ready' && upstream.connection.queue.size > 0) return null;
    showClientNames(session, upstream);
  }
  if (statement.effects.seesNumbers) session.attachment.seeNumbers(session.phase === 'batch');
  const named = namedInText(session, statement);
  const asked = isWhole ? Buffer.from(body.subarray(nameEnd + 1)) : null;
  const rest = asked === null ? null : restToSend(asked, statement, named);
  const parseTime = nextParseTime();
  // An upstream that is the client's until it leaves has its statements under the names that the client gave them.
  const settingsKey = session.attachment.settings.parsingKey;
  const upstreamName =
    name === '' || session.attachment.hasClientNames ? name : statementName(rest ?? String(parseTime), settingsKey);
  const needs = named?.prepared ?? null;
  const names = { upstreamName, needs, settingsKey, shared: undefined };
  const prepared = { ...names, rest, asked, parseTime, statement, lookedAt: 0 };
  if (name === '') parseUnnamed(session, upstream, prepared);
  else parseNamed(session, upstream, name, prepared);
  // A text that isn't kept can't be parsed on another upstream.
  if (rest === null) session.attachment.keep();
  return 'batch';
}

function parseUnnamed(session: Session, upstream: PooledUpstream, prepared: ClientStatement): void {
  const { statements } = session;
  const previous = statements.get('');
  statements.set('', prepared);
  upstream.connection.unnamed = prepared.parseTime;
  sendParse(session, upstream, prepared);
  const undo = whileInDoubt(session, [''], prepared.statement, (isSkipped) => {
    upstream.connection.unnamed = 0;
    // The client may have parsed another one since.
    if (statements.get('') !== prepared) return;
    // The old one is destroyed before the new text is looked at, so it doesn't survive a failure.
    if (isSkipped && previous !== undefined) statements.set('', previous);
    else statements.delete('');
  });
  upstream.connection.expect(new UpstreamRequest(frontend.Parse, 'forward', session.replies, undo));
}

/**
 * A named Parse is always carried out, never answered from memory: the server says what is wrong with it now, and the
 * statement is as new as the client believes.
 */
function parseNamed(session: Session, upstream: PooledUpstream, name: string, prepared: ClientStatement): void {
  const { statements } = session;
  const existing = statements.get(name);
  if (existing !== undefined) return parseTwice(session, upstream, name, existing, prepared);
  // SQL's PREPARE may have taken the name, upstream.
  if (session.attachment.isAtStake && !session.attachment.hasClientNames) tryName(session, upstream, name);
  statements.set(name, prepared);
  const undo = announce(session, upstream, prepared);
  sendParse(session, upstream, prepared);
  const both = whileInDoubt(session, [name], prepared.statement, (isSkipped) => {
    undo(isSkipped);
    if (statements.get(name) === prepared) statements.delete(name);
  });
  upstream.connection.expect(new UpstreamRequest(frontend.Parse, 'forward', session.replies, both));
  closeExcess(session, upstream);
}

/**
 * The name is taken: the server finds that out after it has looked at the text, as it would for the client's own name. Should
 * it be free after all, what is there then is what was judged.
 */
function parseTwice(
  session: Session,
  upstream: PooledUpstream,
  name: string,
  existing: ClientStatement,
  prepared: ClientStatement,
): void {
  const upstreamName = session.attachment.hasClientNames ? name : existing.upstreamName;
  prepareUpstream(session, upstream, existing);
  sendParse(session, upstream, { ...prepared, upstreamName });
  const onFree = () => {
    session.statements.set(name, prepared);
    upstream.statements.add(upstreamName, upstreamName === prepared.upstreamName ? prepared.parseTime : 0);
  };
  const free = new Assumption(() => {}, prepared.statement, onFree, { name, upstreamName });
  upstream.connection.expect(new UpstreamRequest(frontend.Parse, 'forward', session.replies, free));
}

/** Fails, in the server's words, where the upstream has a statement of that name. */
function tryName(session: Session, upstream: PooledUpstream, name: string): void {
  // A Close has room for less than a Parse.
  const kept = keptName(name);
  sendKeptParse(upstream, kept, emptyRest);
  upstream.connection.expect(new UpstreamRequest(frontend.Parse, 'swallow', session.replies));
  sendClose(session, upstream, kept);
}

/** Sends the Parse in hand, with what is different upstream. */
function sendParse(session: Session, upstream: PooledUpstream, prepared: ClientStatement): void {
  const { needs, rest, upstreamName, statement } = prepared;
  if (needs !== null) prepareNamed(session, upstream, statement, needs);
  if (rest !== null && (needs !== null || statement.sent !== null)) {
    sendKeptParse(upstream, upstreamName, rest);
  } else if (upstreamName === '') {
    session.forward();
  } else {
    sendRenamedParse(session, upstream, upstreamName);
  }
}

function sendRenamedParse(session: Session, upstream: PooledUpstream, upstreamName: string): void {
  const { head, rest } = renameParse(bodyInHand(session), upstreamName, missingBytes(session));
  upstream.connection.send(head);
  upstream.connection.send(rest);
}

/** Of several statements a server says that they are several, whatever they are about. */
function refusalOf({ judgement, effects }: Statement): ProxyError | null {
  const { refusal, isUnreadable } = judgement;
  const isWrong = refusal !== null && refusal.sqlstate !== '42501' && !isUnreadable;
  if (!isWrong || (effects.statements?.length ?? 0) < 2) return refusal;
  return new ProxyError('syntaxError', 'cannot insert multiple commands into a prepared statement');
}

export function onBind(session: Session): SessionPhase | null {
  const names = decodeInHand(session, decodeBindNames);
  if (names === null) return forwardUnread(session, frontend.Bind);
  if (isInDoubt(session, names.statement)) return null;
  const byParse = session.statements.get(names.statement);
  if (byParse === undefined && isOurName(names.statement)) return refuseAnothers(session, names.statement);
  const prepared = byParse ?? preparedBySql(session, names.statement);
  if (prepared === null) return null;
  // Whatever the upstream may have by that name, nobody has judged it.
  const isUnjudged = prepared === undefined && session.database.isPoliced && names.statement !== '';
  if (isUnjudged) return refuseAnothers(session, names.statement);
  if (prepared === undefined) return bindTo(session, names, prepared);
  const now = upToDate(session, names.statement, prepared);
  if (now === null) return null;
  const { refusal } = now.statement.judgement;
  if (refusal !== null) return refuseInBatch(session, now.statement, refusal);
  const executed = executedNow(session, now.statement, now.needs);
  if (executed === null) return null;
  if (executed instanceof ProxyError) return refuseInBatch(session, now.statement, executed);
  return bindTo(session, names, now);
}

/**
 * What SQL's PREPARE has prepared can be bound as well: under a policy that is judged as its EXECUTE would be. Undefined:
 * there is none that anybody has judged. Null: a verdict is being made.
 */
function preparedBySql(session: Session, name: string): ClientStatement | null | undefined {
  const { judging, names } = session;
  if (judging === null || judging.policies === null || name === '' || !names.kept.hasStatements) return undefined;
  const statement = statementOf(session, `EXECUTE ${quoteIdentifier(name)}`);
  if (statement === null) return null;
  const unheld = { rest: null, asked: null, needs: null, settingsKey: '', shared: null };
  return { ...unheld, upstreamName: name, parseTime: 0, statement, lookedAt: 0 };
}

function isFull({ size, bytes }: Session['statements' | 'portals']): boolean {
  return size >= heldMax || bytes >= heldBytesMax;
}

function tooMany(what: string): ProxyError {
  return new ProxyError('statementTooLarge', `too many ${what}`);
}

function bindTo(session: Session, names: BindNames, prepared: ClientStatement | undefined): SessionPhase | null {
  const isOneMore = names.portal !== '' && prepared !== undefined;
  if (isOneMore && isFull(session.portals)) return refuseInBatch(session, prepared.statement, tooMany('portals'));
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseInBatch(session, prepared?.statement ?? null, upstream);
  if (prepared === undefined) {
    session.portals.delete(names.portal);
    if (names.statement === '' && upstream.connection.unnamed !== 0) sendClose(session, upstream, '');
    session.forward();
  } else {
    session.portals.set(names.portal, new Portal(prepared));
    prepareUpstream(session, upstream, prepared);
    sendBind(session, upstream, prepared);
  }
  const { isPoliced } = session.database;
  const mention = prepared === undefined ? null : mentionOf(isPoliced, names.statement, prepared);
  upstream.connection.expect(new UpstreamRequest(frontend.Bind, 'forward', session.replies, mention));
  return 'batch';
}

function sendBind(session: Session, upstream: PooledUpstream, prepared: ClientStatement): void {
  if (prepared.upstreamName === '') return session.forward();
  const { head, rest } = renameBind(bodyInHand(session), prepared.upstreamName, missingBytes(session));
  upstream.connection.send(head);
  upstream.connection.send(rest);
}

/**
 * A message that can't be read: the server says what is wrong with it. One whose names are too long to be held may have
 * nothing wrong with it, and nobody would have looked at what it does.
 */
export function forwardUnread(session: Session, type: number): SessionPhase | null {
  if (missingBytes(session) > 0) return refuseInBatch(session, null, namesTooLong);
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseInBatch(session, null, upstream);
  session.forward();
  if (type === frontend.Parse) upstream.connection.unnamed = 0;
  upstream.connection.expect(new UpstreamRequest(type, 'forward', session.replies));
  return 'batch';
}
