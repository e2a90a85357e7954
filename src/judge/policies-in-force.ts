import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.js';
import { readTextFile } from '../config/read-text-file.js';
import type { Firewalls } from '../firewall/firewalls.js';
import type { PolicySet, PolicySource } from '../policy/file/load-policies.js';
import { type PolicyUser, usersOf } from '../policy/rule-users.js';
import type { JudgeThreads } from './judge-threads.js';
import { readPolicies } from './read-policies.js';

/** One tenant's policies as they hold now. A reload that changes them makes others. */
export interface PoliciesInForce {
  /** What the judging threads know them by. */
  readonly key: string;
  readonly policies: PolicySet;
  /** What they were made of. */
  readonly sources: readonly PolicySource[];
  readonly users: readonly PolicyUser[];
}

/** By tenant; those without policies are left out. */
export type PoliciesByTenant = ReadonlyMap<string, PoliciesInForce>;

let versions = 0;

/**
 * Reads the policies of all tenants, opens what they name, and tells the judging threads. Where files and users are what they were, a tenant keeps
 * what it has, and its verdicts.
 * @param deps `firewalls` null: nothing runs, so nobody is held up by one
 * @throws ConfigError with everything that is wrong with them; then nothing has changed
 */
export async function loadPoliciesInForce(
  config: Config,
  before: PoliciesByTenant,
  { threads, firewalls }: { readonly threads: JudgeThreads; readonly firewalls: Firewalls | null },
  warn: (warning: string) => void,
): Promise<PoliciesByTenant> {
  const loaded = new Map<string, PoliciesInForce>();
  for (const [name, tenant] of config.tenants) {
    if (tenant.policies.length === 0) continue;
    const sources = await Promise.all(
      tenant.policies.map(async (file) => ({
        file,
        text: await readTextFile(file, file, `check tenants.${name}.policies`),
      })),
    );
    const users = usersOf(config, tenant);
    const known = before.get(name);
    if (known !== undefined && isDeepStrictEqual([known.sources, known.users], [sources, users])) {
      loaded.set(name, known);
      continue;
    }
    const policies = await readPolicies(sources, threads);
    for (const warning of policies.warnings) warn(warning);
    versions += 1;
    loaded.set(name, { key: `policies ${versions}`, policies, sources, users });
  }
  await firewalls?.load([...loaded.values()].map(({ policies }) => policies));
  for (const known of loaded.values()) {
    if (!isAmong(known, before)) threads.tell({ kind: 'policies', key: known.key, policies: known.policies });
  }
  return loaded;
}

/** Those that are in force no more, or never came into force. */
export function forgetPolicies(dropped: PoliciesByTenant, kept: PoliciesByTenant, threads: JudgeThreads): void {
  for (const known of dropped.values()) if (!isAmong(known, kept)) threads.tell({ kind: 'forget', key: known.key });
}

function isAmong({ key }: PoliciesInForce, before: PoliciesByTenant): boolean {
  return [...before.values()].some((known) => known.key === key);
}
