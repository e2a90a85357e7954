import { loadModule, parseSync } from 'libpg-query';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import type { SessionIdentity } from '../../src/policy/fill-expression.js';
import { Rights } from '../../src/policy/rights.js';
import { SessionRestrictions } from '../../src/policy/session-restrictions.js';
import type { CatalogIndex } from '../../src/sql/catalog/catalog-index.js';
import type { Parse } from '../../src/sql/rewrite/parse.js';

await loadModule();

export const parse: Parse = (text) => parseSync(text);

/** Someone under a policy, as the engine sees them. */
export interface PolicedSession {
  readonly session: SessionIdentity;
  readonly rights: Rights;
  readonly restrictions: SessionRestrictions;
}

/** A session under a policy whose whole format is taken as enforced. */
export function policedSession(
  index: CatalogIndex,
  policy: string,
  who: Partial<SessionIdentity> = {},
): PolicedSession {
  const session = { user: 'ann', tenant: 'acme', roles: [], database: 'postgres', attributes: {}, ...who };
  const rights = new Rights(loadPolicies([{ file: 'policy.yaml', text: policy }]), session);
  const about = { hasTemporary: true, aside: <Found>(look: () => Found) => look() };
  return { session, rights, restrictions: new SessionRestrictions(rights, session, index, parse, about) };
}
