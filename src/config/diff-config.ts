import type { Config } from './config.js';
import { formatPath } from './findings.js';

export interface ConfigChange {
  /** `tenants.default.databases.sales.pool.size`: names only, so that a log can show it. */
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** What a running process cannot take over. */
  readonly needsRestart: boolean;
}

const restartPaths: ReadonlySet<string> = new Set([
  'listen.host',
  'listen.port',
  'listen.socketDir',
  'listen.workers',
  'audit.file',
  'audit.statements',
  'audit.chain',
  'audit.chainKey',
  'log.pretty',
  'admin',
  'audit',
  'admin.host',
  'admin.port',
]);

/** What a reload changes, in the order of the file's keys. A list, such as the rules, changes as a whole. */
export function diffConfig(before: Config, after: Config): ConfigChange[] {
  const changes: ConfigChange[] = [];
  const { file: _f, directory: _d, warnings: _w, ...old } = before;
  const { file: _file, directory: _directory, warnings: _warnings, ...next } = after;
  compare(old, next, [], changes);
  return changes;
}

function compare(before: unknown, after: unknown, path: readonly string[], changes: ConfigChange[]): void {
  const [old, next] = [entriesOf(before), entriesOf(after)];
  if (old === null || next === null) {
    if (JSON.stringify(plain(before)) !== JSON.stringify(plain(after))) report(path, 'changed', changes);
    return;
  }
  for (const [name, value] of old) {
    if (next.has(name)) compare(value, next.get(name), [...path, name], changes);
    else report([...path, name], 'removed', changes);
  }
  for (const name of next.keys()) if (!old.has(name)) report([...path, name], 'added', changes);
}

function report(path: readonly string[], change: ConfigChange['change'], changes: ConfigChange[]): void {
  const shown = formatPath(path);
  changes.push({ path: shown, change, needsRestart: restartPaths.has(shown) });
}

/** Null: a value or a list, compared as a whole. */
function entriesOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (value instanceof Map) return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return new Map(Object.entries(value));
}

function plain(value: unknown): unknown {
  const entries = entriesOf(value);
  return entries === null ? value : [...entries].map(([name, part]) => [name, plain(part)]);
}
