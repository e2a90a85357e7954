import type { StartupMessage } from '../../../protocol/startup-packet.js';
import { protocolMinorMax } from '../../../protocol/startup-packet.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { StartupRequest } from './admitted-client.js';
import { readStartupOptions, type Setting } from './startup-options.js';

/** What a StartupMessage says, read but not yet answered. */
export interface ReadStartup {
  /** As they were sent, not yet taken apart for a tenant. Null: none, or an empty one. */
  readonly user: string | null;
  readonly database: string | null;
  /** The value of the setting `pgturnstile.tenant`. */
  readonly tenantOption: string | null;
  readonly request: StartupRequest;
  /** What NegotiateProtocolVersion must say; null: nothing to negotiate. */
  readonly negotiation: { readonly minor: number; readonly options: readonly string[] } | null;
  /** What is wrong with the settings; PostgreSQL reads them after authentication, and says it then. */
  readonly mistake: ProxyError | null;
}

const tenantSetting = 'pgturnstile.tenant';
const ownPrefix = 'pgturnstile.';
const protocolOptionPrefix = '_pq_.';
const protocolParameters: ReadonlySet<string> = new Set(['user', 'database', 'options', 'replication']);

/**
 * Reads a StartupMessage as ProcessStartupPacket in PostgreSQL 18's backend_startup.c does.
 *
 * @throws ProxyError 22023 for a `replication` that is neither a boolean nor `database`
 */
export function readStartup(message: StartupMessage): ReadStartup {
  const { parameters, minor } = message;
  const replication = readReplication(parameters.get('replication') ?? null);
  const options = readStartupOptions(parameters.get('options') ?? '');
  const { settings, tenantOption, mistake } = sortSettings([...options.settings, ...settingParameters(parameters)]);
  const unknown = [...parameters.keys()].filter((name) => name.startsWith(protocolOptionPrefix));
  const spokenMinor = Math.min(minor, protocolMinorMax);
  return {
    user: parameters.get('user') || null,
    database: parameters.get('database') || null,
    tenantOption,
    request: { protocolMinor: spokenMinor === 2 ? 2 : 0, parameters, settings, replication },
    negotiation: minor > protocolMinorMax || unknown.length > 0 ? { minor: spokenMinor, options: unknown } : null,
    mistake: options.mistake ?? mistake,
  };
}

/** The parameters that are run-time settings, applied after those of `options` (process_startup_options). */
function settingParameters(parameters: ReadonlyMap<string, string>): Setting[] {
  return [...parameters].filter(([name]) => !protocolParameters.has(name) && !name.startsWith(protocolOptionPrefix));
}

interface SortedSettings {
  readonly settings: ReadonlyMap<string, string>;
  readonly tenantOption: string | null;
  readonly mistake: ProxyError | null;
}

/** Takes out what is meant for pgturnstile, and of what was set twice all but the last. */
function sortSettings(given: readonly Setting[]): SortedSettings {
  const byLowerName = new Map<string, Setting>();
  for (const setting of given) {
    const name = setting[0].toLowerCase();
    byLowerName.delete(name);
    byLowerName.set(name, setting);
  }
  const tenantOption = byLowerName.get(tenantSetting)?.[1] ?? null;
  byLowerName.delete(tenantSetting);
  const unknown = [...byLowerName.keys()].find((name) => name.startsWith(ownPrefix)) ?? null;
  return {
    settings: new Map(byLowerName.values()),
    tenantOption,
    mistake: unknown === null ? null : unknownSetting(unknown),
  };
}

/** To any server it would be a placeholder that does nothing: a mistyped tenant must not lead to the default one. */
function unknownSetting(name: string): ProxyError {
  return new ProxyError('invalidParameter', `unrecognized configuration parameter "${name}"`, {
    sqlstate: '42704',
    severity: 'FATAL',
  });
}

function readReplication(value: string | null): StartupRequest['replication'] {
  if (value === null) return null;
  if (value === 'database') return 'database';
  const isOn = readBoolean(value);
  if (isOn === null) {
    throw new ProxyError('invalidParameter', `invalid value for parameter "replication": "${value}"`, {
      severity: 'FATAL',
      hint: 'Valid values are: "false", 0, "true", 1, "database".',
    });
  }
  return isOn ? 'true' : null;
}

const words: readonly (readonly [word: string, value: boolean, lettersMin: number])[] = [
  ['true', true, 1],
  ['false', false, 1],
  ['yes', true, 1],
  ['no', false, 1],
  ['on', true, 2],
  ['off', false, 2],
  ['1', true, 1],
  ['0', false, 1],
];

/** A boolean, by a beginning that is no other word's (parse_bool in bool.c); null: it is none. */
function readBoolean(value: string): boolean | null {
  const text = value.toLowerCase();
  return words.find(([word, , lettersMin]) => text.length >= lettersMin && word.startsWith(text))?.[1] ?? null;
}
