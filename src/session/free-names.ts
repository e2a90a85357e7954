import type { PooledUpstream } from '../pool/pooled-upstream.js';
import type { Session } from './session.js';

/*
 * What is about to be deallocated or closed upstream is gone from the moment that it is sent, since the client may use
 * the name again right behind it. Both functions give what takes that back, should it fail or never be looked at.
 */

/** A prepared statement of the client goes. Null: there is none of that name, or it is the unnamed one. */
export function freeName({ statements }: Session, upstream: PooledUpstream, name: string): (() => void) | null {
  const prepared = statements.get(name);
  if (prepared === undefined) return null;
  const { upstreamName } = prepared;
  if (upstreamName === '') return null;
  const parseTime = upstream.statements.parseTimeOf(upstreamName);
  statements.delete(name);
  upstream.statements.forget(upstreamName);
  return () => {
    if (!statements.has(name)) statements.set(name, prepared);
    if (parseTime !== undefined) upstream.statements.add(upstreamName, parseTime);
  };
}

/** All of the upstream's prepared statements go, and with them the client's; the unnamed one stays. */
export function freeAllNames({ statements }: Session, upstream: PooledUpstream): () => void {
  const known = new Map(statements);
  const held = upstream.statements.takeAll();
  for (const name of known.keys()) if (name !== '') statements.delete(name);
  return () => {
    for (const [name, prepared] of known) if (!statements.has(name)) statements.set(name, prepared);
    for (const [name, parseTime] of held) upstream.statements.add(name, parseTime);
  };
}
