import type { AuthMethod, AuthRule } from '../config/config.js';
import { isInRange, isOnThisMachine } from './client-address.js';
import { matchesGlob } from './matches-glob.js';

/** How a client came and where it wants to go, as rules see it. */
export interface Approach {
  readonly address: string;
  readonly hasTls: boolean;
  readonly user: string;
  readonly database: string;
}

/** `no-entry`: no rule is for this client. `needs-tls`: the rule's method would send a secret in clear. */
export type Ruling = AuthMethod | 'no-entry' | 'needs-tls';

/**
 * Which method the rules ask of a client; the first that matches decides, like pg_hba.conf. Without rules it is
 * scram-sha-256, and only TLS from other machines.
 *
 * A rule with method `cert` is only for TLS, like `hostssl`. Method `password` is refused in clear from another
 * machine instead of passed over, so that no later rule takes a client that its own rule would not.
 */
export function matchRule(rules: readonly AuthRule[], approach: Approach): Ruling {
  const isPrivate = approach.hasTls || isOnThisMachine(approach.address);
  if (rules.length === 0) return isPrivate ? 'scram-sha-256' : 'no-entry';
  const method = rules.find((rule) => isFor(rule, approach))?.method ?? 'no-entry';
  return method === 'password' && !isPrivate ? 'needs-tls' : method;
}

function isFor(rule: AuthRule, approach: Approach): boolean {
  const { address, hasTls, user, database } = approach;
  if (rule.tls !== null && rule.tls !== hasTls) return false;
  if (rule.method === 'cert' && !hasTls) return false;
  if (rule.cidr !== null && !isInRange(rule.cidr, address)) return false;
  return isListed(rule.users, user) && isListed(rule.databases, database);
}

function isListed(patterns: readonly string[] | null, name: string): boolean {
  return patterns === null || patterns.some((pattern) => matchesGlob(pattern, name));
}
