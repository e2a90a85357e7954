import { frontend } from '../../../protocol/message-types.js';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeClose } from '../../../protocol/messages/close.js';
import { UpstreamRequest } from '../../backend/postgres/postgres-upstream.js';
import type { PooledUpstream } from '../../pool/pooled-upstream.js';
import type { Session } from '../session.js';
import { Assumption } from '../statements/run.js';
import type { ClientStatement, Statement } from '../statements/statement.js';

/**
 * Sees to it that the upstream has what a text names. What is to be deallocated need only be there: its own text may
 * be one that can't be parsed any more. `onAnswer` is told how that went, if it has to be sent.
 */
export function prepareNamed(
  session: Session,
  upstream: PooledUpstream,
  { effects }: Statement,
  named: ClientStatement,
  onAnswer?: Assumption,
): boolean {
  if (effects.first !== 'deallocate') return prepareUpstream(session, upstream, named, onAnswer);
  if (isThere(upstream, named)) return false;
  prepareUpstream(session, upstream, { ...named, rest: emptyRest, needs: null }, onAnswer);
  // Should it not be deallocated after all, it is nothing to be run.
  upstream.statements.add(named.upstreamName, 0);
  return true;
}

/** What Parse has behind a name for an empty text. */
export const emptyRest = Buffer.from([0, 0, 0]);

/**
 * Sees to it that the upstream has a client's statement, no older than the client's own Parse of it. Gives whether it
 * is sent now, and `onAnswer` is told how that went.
 */
export function prepareUpstream(
  session: Session,
  upstream: PooledUpstream,
  prepared: ClientStatement,
  onAnswer?: Assumption,
): boolean {
  const { connection } = upstream;
  const { upstreamName, rest, needs, statement } = prepared;
  if (needs !== null) prepareNamed(session, upstream, statement, needs);
  if (rest === null || isThere(upstream, prepared)) return false;
  const undo = announce(session, upstream, prepared);
  sendKeptParse(upstream, upstreamName, rest);
  const undoAll = (isSkipped: boolean) => {
    undo(isSkipped);
    onAnswer?.undo(isSkipped);
  };
  const made = new Assumption(undoAll, statement, () => onAnswer?.confirm());
  connection.expect(new UpstreamRequest(frontend.Parse, 'swallow', session.replies, made));
  closeExcess(session, upstream);
  return true;
}

/** What isn't kept can't be sent again, and its upstream isn't given away. */
function isThere(
  { statements, connection }: PooledUpstream,
  { upstreamName, parseTime, rest }: ClientStatement,
): boolean {
  if (rest === null) return true;
  return upstreamName === '' ? connection.unnamed === parseTime : statements.has(upstreamName, parseTime);
}

/** Notes that the upstream is about to get a statement, and makes room for its name. Gives what takes that back. */
export function announce(session: Session, upstream: PooledUpstream, prepared: ClientStatement): Assumption['undo'] {
  const { statements, connection } = upstream;
  const { upstreamName, parseTime } = prepared;
  if (upstreamName === '') {
    connection.unnamed = parseTime;
    return () => {
      connection.unnamed = 0;
    };
  }
  const before = statements.parseTimeOf(upstreamName);
  if (before !== undefined) sendClose(session, upstream, upstreamName);
  statements.add(upstreamName, parseTime);
  return (isSkipped) => {
    if (isSkipped && before !== undefined) statements.add(upstreamName, before);
    // An older one may still be there: where what was to deallocate it has failed as well.
    else if (isSkipped) statements.forget(upstreamName);
    else statements.add(upstreamName, 0);
  };
}

export function closeExcess(session: Session, upstream: PooledUpstream): void {
  const excess = upstream.statements.takeExcess();
  if (excess !== undefined) sendClose(session, upstream, excess);
}

export function sendClose(
  session: Session,
  upstream: PooledUpstream,
  name: string,
  note: Assumption | null = null,
): void {
  const writer = new MessageWriter(64);
  encodeClose(writer, { target: 'statement', name });
  upstream.connection.send(writer.take());
  if (name === '') upstream.connection.unnamed = 0;
  upstream.connection.expect(new UpstreamRequest(frontend.Close, 'swallow', session.replies, note));
}

export function sendKeptParse(upstream: PooledUpstream, upstreamName: string, rest: Buffer): void {
  const head = new MessageWriter(64).start(frontend.Parse).cstring(upstreamName).end(rest.length).take();
  upstream.connection.send(head);
  upstream.connection.send(rest);
}
