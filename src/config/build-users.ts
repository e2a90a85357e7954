import { nameBytesMax } from '../../protocol/text.js';
import { isMd5Secret } from '../scram/md5.js';
import { secretKind } from '../scram/secret.js';
import { parseCidr } from './cidr.js';
import type { AuthMethod, AuthRule, Cidr, UserConfig } from './config.js';
import { type Findings, formatName } from './findings.js';
import type { FileRule, FileUser, WrittenText } from './schema.js';
import { suggest } from './suggest.js';
import type { TreePath } from './yaml-tree.js';

export function buildUsers(
  users: Readonly<Record<string, FileUser>>,
  path: TreePath,
  tenantNames: readonly string[],
  findings: Findings,
): ReadonlyMap<string, UserConfig> {
  const built = new Map<string, UserConfig>();
  for (const [name, user] of Object.entries(users)) {
    const userPath = [...path, name];
    checkName(name, userPath, findings);
    checkTenants(user.tenants ?? [], [...userPath, 'tenants'], tenantNames, findings);
    built.set(name, {
      name,
      secret: secretOf(user.secret, [...userPath, 'secret'], findings),
      roles: [...new Set(user.roles ?? [])],
      tenants: user.tenants ?? null,
      attributes: user.attributes ?? {},
    });
  }
  return built;
}

/** For users and databases: what no client could ask for. */
export function checkName(name: string, path: TreePath, findings: Findings): void {
  if (Buffer.byteLength(name) > nameBytesMax)
    findings.error(path, `the name is longer than ${nameBytesMax} bytes; shorten it`);
  if (name.includes('\0')) findings.error(path, 'the name has a NUL in it; take it out');
}

function checkTenants(given: readonly string[], path: TreePath, known: readonly string[], findings: Findings): void {
  for (const [index, tenant] of given.entries()) {
    if (tenant === '*' || known.includes(tenant)) continue;
    const near = suggest(tenant, known);
    const advice =
      near === null ? `known are ${known.map(formatName).join(', ')}` : `did you mean ${formatName(near)}?`;
    findings.error([...path, index], `there is no tenant of this name; ${advice}`);
  }
}

function secretOf(secret: WrittenText | undefined, path: TreePath, findings: Findings): string | null {
  if (secret === undefined) return null;
  const { text, written } = secret;
  if (text.includes('\0')) findings.error(path, 'has a NUL in it; no client could send it');
  const kind = secretKind(text);
  if (kind === 'plain' && text.startsWith('SCRAM-SHA-256$')) {
    findings.error(path, 'is a damaged SCRAM verifier; make one with pgturnstile hash-password');
  }
  if (kind === 'plain' && isMd5Secret(text.toLowerCase())) {
    findings.error(path, 'is an md5 secret with upper-case digits; write them in lower case');
  }
  if (written !== '') findings.holdsSecret = true;
  if (kind === 'plain' && written !== '') {
    findings.warn(path, `is a password in clear; replace it by what pgturnstile hash-password prints, or by \${NAME}`);
  }
  return text;
}

export function buildRules(rules: readonly FileRule[], path: TreePath, findings: Findings): readonly AuthRule[] {
  const built: AuthRule[] = [];
  for (const [index, rule] of rules.entries()) {
    const rulePath = [...path, index];
    const method = methodOf(rule, rulePath, findings);
    checkList(rule.users, [...rulePath, 'users'], findings);
    checkList(rule.databases, [...rulePath, 'databases'], findings);
    const { tls = null, users = null, databases = null } = rule;
    built.push({ tls, cidr: cidrOf(rule.cidr, [...rulePath, 'cidr'], findings), users, databases, method });
  }
  return built;
}

function methodOf(rule: FileRule, path: TreePath, findings: Findings): AuthMethod {
  if (rule.method === 'oidc') {
    findings.error([...path, 'method'], 'oidc is not supported yet; choose another method');
    return 'reject';
  }
  if (rule.method === 'cert' && rule.tls === false) {
    findings.error([...path, 'tls'], 'method cert needs TLS; leave tls out or write true');
  }
  return rule.method;
}

function checkList(names: readonly string[] | undefined, path: TreePath, findings: Findings): void {
  if (names?.length === 0) findings.error(path, 'an empty list matches nobody; leave the key out for everybody');
}

function cidrOf(text: string | undefined, path: TreePath, findings: Findings): Cidr | null {
  if (text === undefined) return null;
  const cidr = parseCidr(text);
  if (cidr === null) findings.error(path, 'is not an address range; write 10.0.0.0/8, ::1/128 or one address');
  return cidr;
}
