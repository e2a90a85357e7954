import { posix } from 'node:path';
import type { UpstreamAddress } from './config.js';
import { suggest } from './suggest.js';

/** The parameters that a URL may have behind `?`; those that libpq also knows are refused with a reason. */
const parameters = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'channel_binding',
  'application_name',
  'gssencmode',
  'ssl',
] as const;
type Parameter = (typeof parameters)[number];

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
const bindings = ['disable', 'prefer', 'require'] as const;
const defaultPort = 5432;

const refused: Readonly<Record<string, string>> = {
  options: 'options are not passed on; set them for the account instead (ALTER ROLE ... SET)',
  connect_timeout: 'connect_timeout is not known here; pool.acquireTimeoutMs bounds the wait',
  hostaddr: 'hostaddr is not known here; write the address as the host',
  passfile: `passfile is not read; write the password as \${NAME} or the whole url as file:PATH`,
  service: 'service files are not read; write the address itself',
  target_session_attrs: 'one server is connected to, whatever it is; leave target_session_attrs out',
  load_balance_hosts: 'one server is connected to; leave load_balance_hosts out',
  sslpassword: 'keys with a passphrase are not supported; take the passphrase off the key',
};

export type ParsedUrl =
  | { readonly ok: true; readonly address: UpstreamAddress }
  /** `what; what to do`, without anything of the URL, since any part of a mistyped one can be its password. */
  | { readonly ok: false; readonly problem: string };

class UrlProblem extends Error {}

/**
 * Reads a connection URI as libpq does (PG 34.1.1.2), piece by piece and not with `URL`, which knows neither socket
 * directories nor `*`. Paths are left as they are. No database, or `*`: the one that the client asked for.
 */
export function parseUpstreamUrl(url: string): ParsedUrl {
  try {
    return { ok: true, address: toAddress(readParts(url)) };
  } catch (error) {
    if (error instanceof UrlProblem) return { ok: false, problem: error.message };
    throw error;
  }
}

type Parts = Partial<Record<Parameter, string>>;

function readParts(url: string): Parts {
  const scheme = /^postgres(ql)?:\/\//.exec(url);
  if (scheme === null)
    throw new UrlProblem('the url does not begin with postgres://; write postgres://user@host:5432/database');
  let rest = url.slice(scheme[0].length);
  const parts: Parts = {};
  const login = /^([^@/]*)@/.exec(rest);
  if (login !== null) {
    rest = rest.slice(login[0].length);
    const [user = '', password] = splitAt(login[1] ?? '', ':');
    setPart(parts, 'user', user);
    if (password !== undefined) setPart(parts, 'password', password);
  }
  const query = splitAt(rest, '?');
  const [authority = '', database] = splitAt(query[0] ?? '', '/');
  readAuthority(parts, authority);
  if (database !== undefined) setPart(parts, 'dbname', database);
  if (query[1] !== undefined && query[1] !== '') for (const pair of query[1].split('&')) readParameter(parts, pair);
  return parts;
}

function readAuthority(parts: Parts, authority: string): void {
  if (authority.includes('@')) throw new UrlProblem('the host has an "@" in it; write an "@" of the password as %40');
  if (authority.includes(',')) throw new UrlProblem('more than one host is not supported; name one');
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(authority);
  if (bracketed === null && /[[\]]/.test(authority)) {
    throw new UrlProblem('the brackets around the IPv6 address are wrong; write [::1]:5432');
  }
  const [host = '', port] = bracketed === null ? splitAt(authority, ':') : [bracketed[1], bracketed[2]];
  if (bracketed === null && port?.includes(':'))
    throw new UrlProblem('an IPv6 address needs brackets; write [::1]:5432');
  setPart(parts, 'host', host);
  if (port !== undefined) setPart(parts, 'port', port);
}

function readParameter(parts: Parts, pair: string): void {
  const [name = '', value] = splitAt(pair, '=').map(decode);
  const reason = Object.hasOwn(refused, name) ? refused[name] : undefined;
  if (reason !== undefined) throw new UrlProblem(reason);
  if (value === undefined) throw new UrlProblem('a parameter of the url has no "="; write name=value');
  if (!isParameter(name)) {
    const near = suggest(name, parameters);
    const advice = near === null ? `known are ${parameters.join(', ')}` : `did you mean ${near}?`;
    throw new UrlProblem(`the url has a parameter that is not known; ${advice}`);
  }
  if (value !== '') parts[name] = value;
}

function isParameter(name: string): name is Parameter {
  return (parameters as readonly string[]).includes(name);
}

function setPart(parts: Parts, name: Parameter, encoded: string): void {
  if (encoded !== '') parts[name] = decode(encoded);
}

function toAddress(parts: Parts): UpstreamAddress {
  const host = parts.host ?? '';
  if (host === '') throw new UrlProblem('the url names no host; write one, or ?host=/run/postgresql for a Unix socket');
  if (host.startsWith('@')) throw new UrlProblem('abstract sockets are not supported; name a directory or a host');
  if (/[\s/]/.test(host) && !host.startsWith('/'))
    throw new UrlProblem('this cannot be a host; write a name or an address');
  if (parts.password !== undefined && parts.user === undefined) {
    throw new UrlProblem('the url has a password but no user; name both or neither');
  }
  const port = parsePort(parts.port);
  const socketPath = host.startsWith('/') ? posix.join(host, `.s.PGSQL.${port}`) : null;
  return {
    host: socketPath === null ? host : 'localhost',
    port,
    socketPath,
    user: parts.user ?? null,
    password: parts.password ?? null,
    database: parts.dbname ?? '*',
    applicationName: parts.application_name ?? null,
    ...securityOf(parts, socketPath !== null),
  };
}

function securityOf(
  parts: Parts,
  isSocket: boolean,
): Pick<UpstreamAddress, 'sslmode' | 'sslrootcert' | 'sslcert' | 'sslkey' | 'channelBinding'> {
  if (parts.gssencmode === 'require') throw new UrlProblem('GSS encryption is not supported; leave gssencmode out');
  const sslmode = sslModeOf(parts);
  const channelBinding = oneOf('channel_binding', parts.channel_binding ?? 'prefer', bindings);
  if (channelBinding === 'require' && (sslmode === 'disable' || isSocket)) {
    throw new UrlProblem('channel_binding=require needs TLS; raise sslmode, or leave channel_binding out');
  }
  const [sslcert = null, sslkey = null] = [parts.sslcert, parts.sslkey];
  if ((sslcert === null) !== (sslkey === null)) throw new UrlProblem('sslcert and sslkey belong together; name both');
  return { sslmode, sslrootcert: parts.sslrootcert ?? null, sslcert, sslkey, channelBinding };
}

function sslModeOf(parts: Parts): UpstreamAddress['sslmode'] {
  const isSystem = parts.sslrootcert === 'system';
  // As libpq reads it for JDBC's sake.
  const fromSsl = parts.ssl === 'true' ? 'require' : undefined;
  if (parts.ssl !== undefined && fromSsl === undefined) throw new UrlProblem('ssl can only be true; use sslmode');
  const sslmode = oneOf('sslmode', parts.sslmode ?? fromSsl ?? (isSystem ? 'verify-full' : 'prefer'), sslModes);
  if (isSystem && sslmode !== 'verify-full') {
    throw new UrlProblem('sslrootcert=system with a weaker sslmode proves nothing; write sslmode=verify-full');
  }
  return sslmode;
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return defaultPort;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) {
    throw new UrlProblem(
      'the port is not a number from 1 to 65535; write "/", "@", ":" and "?" of a password as %2F, %40, %3A and %3F',
    );
  }
  return port;
}

function oneOf<T extends string>(name: string, given: string, known: readonly T[]): T {
  const found = known.find((value) => value === given);
  if (found === undefined) throw new UrlProblem(`${name} is not one that is known; write one of ${known.join(', ')}`);
  return found;
}

function decode(encoded: string): string {
  let text: string;
  try {
    text = decodeURIComponent(encoded);
  } catch {
    throw new UrlProblem('a "%" is not followed by two hex digits of UTF-8; write a "%" itself as %25');
  }
  if (text.includes('\0')) throw new UrlProblem('%00 is not allowed; take it out');
  return text;
}

/** What is before and behind the first `separator`; one part if there is none. */
function splitAt(text: string, separator: string): [string] | [string, string] {
  const index = text.indexOf(separator);
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
