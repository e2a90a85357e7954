import type { AuditConfig, BreakerConfig, LimitsConfig, ListenConfig, LogConfig, PoolConfig } from './config.js';

export const defaultListen: ListenConfig = {
  host: '127.0.0.1',
  port: 6432,
  socketDir: null,
  tls: { mode: 'off', cert: null, key: null, clientCa: null },
  maxClients: 10_000,
  startupTimeoutMs: 15_000,
  workers: 1,
};

export const defaultAdmin = { host: '127.0.0.1', port: 6433 } as const;

export const defaultPool: PoolConfig = {
  mode: 'auto',
  size: 20,
  min: 0,
  reserve: 5,
  reserveAfterMs: 5_000,
  acquireTimeoutMs: 60_000,
  idleTimeoutMs: 600_000,
  lifetimeMs: 3_600_000,
  rescueMs: 50,
  ignoreApplicationName: false,
};

export const defaultBreaker: BreakerConfig = {
  errorThresholdPercent: 50,
  minimumRequests: 10,
  windowMs: 10_000,
  resetAfterMs: 5_000,
};

/** Of a tenant with policies. */
export const defaultPolicedLimits: LimitsConfig = {
  clients: 200,
  queryTimeoutMs: 30_000,
  idleInTransactionMs: 300_000,
  complexityMax: 1_000,
  rowsMax: 0,
  resultBytesMax: 0,
  ratePerMinute: 0,
  rateBurst: 0,
};

/** Of a tenant without: a plain pool cuts nothing short that the server would let run. */
export const defaultLimits: LimitsConfig = {
  ...defaultPolicedLimits,
  queryTimeoutMs: 0,
  idleInTransactionMs: 0,
  complexityMax: 0,
};

/** `file` is relative to the configuration's directory. */
export const defaultAudit: AuditConfig = {
  file: 'audit.jsonl',
  rotateBytes: 104_857_600,
  keep: 14,
  keepDays: 0,
  fsync: 'never',
  chain: false,
  chainKey: null,
  statements: 'shape',
};

export const defaultLog: LogConfig = { level: 'info', pretty: 'auto' };

/** What is given, over what is not. */
export function withDefaults<T extends object>(
  defaults: T,
  given: { readonly [K in keyof T]?: T[K] | undefined } | undefined,
): T {
  const isGiven = ([, value]: [string, unknown]) => value !== undefined;
  return { ...defaults, ...Object.fromEntries(Object.entries(given ?? {}).filter(isGiven)) };
}
