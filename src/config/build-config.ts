import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { buildTenants } from './build-tenants.js';
import { buildRules, buildUsers } from './build-users.js';
import type { AdminConfig, AuditConfig, AuthRule, Config, ListenConfig, ListenTlsConfig } from './config.js';
import { defaultAdmin, defaultAudit, defaultListen, defaultLog, withDefaults } from './defaults.js';
import type { Findings } from './findings.js';
import type { ConfigFile, WrittenText } from './schema.js';

const chainKeyCharactersMin = 16;

/** Fills in what was left out, and finds what is wrong between keys; `warnings` and `file` are added by the loader. */
export function buildConfig(
  given: ConfigFile,
  directory: string,
  findings: Findings,
): Omit<Config, 'warnings' | 'file'> {
  const tenants = given.tenants ?? { default: {} };
  const rules = buildRules(given.auth?.rules ?? [], ['auth', 'rules'], findings);
  const config = {
    directory,
    listen: buildListen(given, directory, findings),
    admin: buildAdmin(given.admin, findings),
    auth: { rules },
    users: buildUsers(given.users ?? {}, ['users'], Object.keys(tenants), findings),
    tenants: buildTenants(tenants, directory, findings),
    audit: buildAudit(given.audit, directory, findings),
    log: withDefaults(defaultLog, given.log),
  };
  checkAddresses(config.listen, config.admin, findings);
  checkRules(rules, config.listen, findings);
  return config;
}

function buildListen(given: ConfigFile, directory: string, findings: Findings): ListenConfig {
  const { tls, workers, ...rest } = given.listen ?? {};
  const listen = withDefaults<ListenConfig>(defaultListen, rest);
  if (listen.host === '*') findings.error(['listen', 'host'], '"*" is not an address; write 0.0.0.0 or ::');
  return {
    ...listen,
    workers: workers === 'auto' ? availableParallelism() : (workers ?? listen.workers),
    socketDir: listen.socketDir === null ? null : resolve(directory, listen.socketDir),
    tls: buildListenTls(tls ?? {}, directory, findings),
  };
}

type GivenTls = NonNullable<NonNullable<ConfigFile['listen']>['tls']>;

/** TLS is on where there is a certificate; without one, and without being asked for, it is off. */
function buildListenTls(tls: GivenTls, directory: string, findings: Findings): ListenTlsConfig {
  const path = ['listen', 'tls'];
  const { cert, key, clientCa } = tls;
  const mode = tls.mode ?? (cert === undefined && key === undefined ? 'off' : 'allow');
  if (mode !== 'off' && (cert === undefined || key === undefined)) {
    const missing = cert === undefined ? 'cert' : 'key';
    findings.error(
      path,
      `TLS needs a certificate and its key, and ${missing} is missing; make both with pgturnstile cert`,
    );
  }
  if (mode === 'off' && clientCa !== undefined) {
    findings.error([...path, 'clientCa'], 'client certificates need TLS; add cert and key, or leave clientCa out');
  }
  const absolute = (file: string | undefined) => (file === undefined ? null : resolve(directory, file));
  return { mode, cert: absolute(cert), key: absolute(key), clientCa: absolute(clientCa) };
}

function buildAdmin(admin: ConfigFile['admin'], findings: Findings): AdminConfig | null {
  if (admin === null) return null;
  const token = admin?.token ?? null;
  if (token !== null && token.written !== '') findings.holdsSecret = true;
  const { host, port } = withDefaults<{ host: string; port: number }>(defaultAdmin, {
    host: admin?.host,
    port: admin?.port,
  });
  return { host, port, token: token?.text ?? null };
}

function buildAudit(audit: ConfigFile['audit'], directory: string, findings: Findings): AuditConfig | null {
  if (audit === null) return null;
  const { chainKey, ...rest } = audit ?? {};
  const built = withDefaults<AuditConfig>(defaultAudit, rest);
  if (chainKey !== undefined) checkChainKey(chainKey, built.chain, findings);
  if (built.keepDays > built.keep) {
    const message = `is more than keep: a file a day is put aside, and only ${built.keep} are kept; raise keep`;
    findings.warn(['audit', 'keepDays'], message);
  }
  return { ...built, file: resolve(directory, built.file), chainKey: chainKey?.text ?? null };
}

function checkChainKey({ text, written }: WrittenText, isChained: boolean, findings: Findings): void {
  const path = ['audit', 'chainKey'];
  if (written !== '') findings.holdsSecret = true;
  if (!isChained) findings.error(path, 'is of no use without a chain; write "chain: true" beside it');
  if (text.length < chainKeyCharactersMin) {
    findings.error(path, `is shorter than ${chainKeyCharactersMin} characters; make one with openssl rand -hex 32`);
  }
}

function checkAddresses(listen: ListenConfig, admin: AdminConfig | null, findings: Findings): void {
  if (admin === null || admin.port === 0 || admin.port !== listen.port || admin.host !== listen.host) return;
  findings.error(['admin', 'port'], 'is the port that clients connect to; choose another');
}

function checkRules(rules: readonly AuthRule[], listen: ListenConfig, findings: Findings): void {
  for (const [index, rule] of rules.entries()) {
    const path = ['auth', 'rules', index];
    const needsTls = rule.method === 'cert' || rule.tls === true;
    if (needsTls && listen.tls.mode === 'off') {
      findings.error(path, 'the rule needs TLS, which is off; set listen.tls, or leave the rule out');
    }
    if (rule.method === 'cert' && listen.tls.mode !== 'off' && listen.tls.clientCa === null) {
      findings.error(path, 'method cert needs the authorities of the certificates; set listen.tls.clientCa');
    }
    if (rule.method === 'trust' && !isLoopbackOnly(rule, listen)) {
      findings.warn(
        path,
        'trust lets clients of other machines in without a password; add a cidr, or choose scram-sha-256',
      );
    }
  }
}

function isLoopbackOnly(rule: AuthRule, listen: ListenConfig): boolean {
  return isLoopback(listen.host) || (rule.cidr !== null && isLoopback(rule.cidr.address));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
