import type { PooledUpstream } from '../../pool/pooled-upstream.js';
import type { Session } from '../session.js';
import { Assumption } from '../statements/run.js';
import type { Statement } from '../statements/statement.js';

/*
 * What is about to be deallocated or closed upstream is gone from the moment that it is sent, since the client may use
 * the name again right behind it. Should it fail or never be looked at, that is taken back.
 */

/** A prepared statement of the client goes. Null: there is none of that name, or it is the unnamed one. */
export function freeName(session: Session, upstream: PooledUpstream, name: string): Assumption | null {
  const { statements } = session;
  const prepared = statements.get(name);
  if (prepared === undefined) return null;
  const { upstreamName } = prepared;
  if (upstreamName === '') return null;
  const parseTime = upstream.statements.parseTimeOf(upstreamName);
  statements.delete(name);
  upstream.statements.forget(upstreamName);
  return whileInDoubt(session, [name], null, () => {
    if (!statements.has(name)) statements.set(name, prepared);
    if (parseTime !== undefined) upstream.statements.add(upstreamName, parseTime);
  });
}

/** All of the upstream's prepared statements go, and with them the client's; the unnamed one stays. */
export function freeAllNames(session: Session, upstream: PooledUpstream): Assumption {
  const { statements } = session;
  const known = [...statements].filter(([name]) => name !== '');
  const held = upstream.statements.takeAll();
  const names = known.map(([name]) => name);
  for (const name of names) statements.delete(name);
  return whileInDoubt(session, names, null, () => {
    for (const [name, prepared] of known) if (!statements.has(name)) statements.set(name, prepared);
    for (const [name, parseTime] of held) upstream.statements.add(name, parseTime);
  });
}

/** Whether what an earlier exchange does to a statement may yet fail, so that the name means something else. */
export function isInDoubt({ changing, exchange }: Session, name: string): boolean {
  const change = changing.get(name);
  return change !== undefined && change.exchange !== exchange;
}

/** Until what is sent is answered, it isn't certain what these names mean in the next exchange. */
export function whileInDoubt(
  { exchange, changing }: Session,
  names: readonly string[],
  statement: Statement | null,
  undo: Assumption['undo'],
): Assumption {
  const change = { exchange };
  for (const name of names) changing.set(name, change);
  const onAnswer = () => {
    // Another change may be under way since.
    for (const name of names) if (changing.get(name) === change) changing.delete(name);
  };
  const onFailure = (isSkipped: boolean) => {
    onAnswer();
    undo(isSkipped);
  };
  return new Assumption(onFailure, statement, onAnswer);
}
