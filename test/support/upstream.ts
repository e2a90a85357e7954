import type { Test } from 'tap';
import { connectUpstream } from '../../src/backend/postgres/connect-upstream.js';
import type { PostgresUpstream } from '../../src/backend/postgres/postgres-upstream.js';
import { type UpstreamAccount, UpstreamTarget } from '../../src/backend/postgres/upstream-target.js';
import { parseUpstreamUrl } from '../../src/config/upstream-url.js';

/** What a URL says, as an account of the proxy's own. */
export function accountAt(url: string, changes: Partial<UpstreamAccount> = {}): UpstreamAccount {
  const parsed = parseUpstreamUrl(url);
  if (!parsed.ok) throw new Error(parsed.problem);
  const { address } = parsed;
  const credential = address.password === null ? null : ({ kind: 'password', password: address.password } as const);
  const { user, database } = address;
  return { address, user: user ?? '', database, credential, isClientsOwn: false, parameters: [], ...changes };
}

export function targetAt(url: string, changes: Partial<UpstreamAccount> = {}): UpstreamTarget {
  return new UpstreamTarget(accountAt(url, changes), { fromUpstreams: 0, toUpstreams: 0 });
}

/** A connection as the pool has them; gone when the test ends. */
export async function upstreamAt(t: Test, url: string, changes?: Partial<UpstreamAccount>): Promise<PostgresUpstream> {
  const upstream = await connectUpstream(targetAt(url, changes));
  t.teardown(() => upstream.destroy());
  return upstream;
}
