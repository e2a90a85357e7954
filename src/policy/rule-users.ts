import type { Config, TenantConfig } from '../config/config.js';
import type { Rule } from './file/policy-file.js';
import type { SessionIdentity } from './fill-expression.js';

/** What of a user policies hang on. */
export type PolicyUser = Pick<SessionIdentity, 'roles' | 'attributes'> & { readonly name: string };

/** Those who may connect to a tenant, as far as they are listed. */
export function usersOf({ users }: Config, tenant: TenantConfig): readonly PolicyUser[] {
  const mayEnter = (tenants: readonly string[] | null) =>
    tenants === null ? tenant.name === 'default' : tenants.some((name) => name === '*' || name === tenant.name);
  const others = [...users.values()].filter(({ name, tenants }) => !tenant.users.has(name) && mayEnter(tenants));
  return [...tenant.users.values(), ...others].map(({ name, roles, attributes }) => ({ name, roles, attributes }));
}

/** The session of somebody whom a rule is for, with all attributes that it names if anybody has them; of no name where no user is. */
export function sessionUnder(
  rule: Rule,
  users: readonly PolicyUser[],
  { tenant, database }: Pick<SessionIdentity, 'tenant' | 'database'>,
): SessionIdentity {
  const isMeant = ({ name, roles }: PolicyUser) => isAmong(rule.users, [name]) && isAmong(rule.roles, roles);
  const meant = users.filter(isMeant);
  const needed = attributesIn(rule);
  const isComplete = ({ attributes }: PolicyUser) => needed.every((name) => Object.hasOwn(attributes, name));
  const { name = '', roles = [], attributes = {} } = meant.find(isComplete) ?? meant[0] ?? {};
  return { user: name, tenant, roles, database, attributes };
}

function attributesIn({ rows, check, columns }: Rule): readonly string[] {
  const pieces = [rows, check, ...columns.mask.values()].flatMap((expression) => expression?.pieces ?? []);
  return pieces.flatMap((piece) =>
    typeof piece === 'string' || piece.of !== 'user' || piece.name === 'name' ? [] : [piece.name],
  );
}

function isAmong(patterns: readonly RegExp[] | null, names: readonly string[]): boolean {
  return patterns === null || patterns.some((pattern) => names.some((name) => pattern.test(name)));
}
