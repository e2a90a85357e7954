import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '../config/config-error.js';
import { placeDoubts } from '../policy/place-doubts.js';
import type { CatalogFeed } from './catalog-feed.js';
import type { JudgeThreads } from './judge-threads.js';
import type { PoliciesByTenant, PoliciesInForce } from './policies-in-force.js';
import type { ComparedPair } from './question.js';

/** A database that clients use. */
export interface DatabaseInUse {
  readonly tenant: string;
  /** As clients name it. */
  readonly name: string;
  readonly catalog: CatalogFeed;
}

/**
 * Compares policies that would come into force with the databases. Who changes users alone isn't held up by what a policy
 * says; and a database that can't be compared in time is none that the policies don't fit.
 * @param after what the judging threads were told
 * @throws ConfigError with everything that doesn't fit
 */
export async function refuseMisfits(
  before: PoliciesByTenant,
  after: PoliciesByTenant,
  databases: readonly DatabaseInUse[],
  threads: JudgeThreads,
  warn: (warning: string) => void,
): Promise<void> {
  const isNew = ([tenant, { sources }]: [string, PoliciesInForce]) =>
    !isDeepStrictEqual(sources, before.get(tenant)?.sources);
  const changed = [...after].filter(isNew).map(([tenant, policies]) => ({
    policies,
    databases: databases.filter((database) => database.tenant === tenant),
  }));
  await Promise.all(
    changed.flatMap(({ databases }) => databases.map(({ catalog }) => catalog.whenKnown().catch(() => {}))),
  );
  const pairs = changed.flatMap(({ policies, databases }) => pairsOf(policies, databases));
  if (pairs.length === 0) return;
  const compared = await threads.compare({ pairs });
  if (!compared.ok) return warn(`policies could not be compared with the databases: ${compared.message}`);
  const issues = changed.flatMap(({ policies: { key, sources } }) => {
    const misfits = compared.misfits.filter((_, place) => pairs[place]?.policies === key);
    const warnings = misfits.flatMap((found) => found.warnings);
    for (const found of placeDoubts(sources, warnings, 'warn')) for (const warning of found.warnings) warn(warning);
    const errors = misfits.flatMap((found) => found.errors);
    return placeDoubts(sources, errors, 'error').flatMap((found) => found.errors);
  });
  if (issues.length > 0) throw new ConfigError(issues);
}

/** Of those whose catalog is known at this moment. */
function pairsOf({ key, users }: PoliciesInForce, databases: readonly DatabaseInUse[]): ComparedPair[] {
  return databases
    .filter(({ catalog }) => catalog.version > 0)
    .map(({ tenant, name, catalog }) => ({ policies: key, catalog: catalog.key, tenant, database: name, users }));
}
