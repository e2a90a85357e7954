import { randomInt } from 'node:crypto';
import { escapeLiteral, quoteIdentifier } from '../sql/quote.js';

/**
 * The run-time settings that a session has beyond what its server connection started with: name to value, as
 * pg_settings.setting writes it. Names are compared without case, as PostgreSQL does. Immutable; two are alike when
 * their keys are.
 */
export class SessionSettings {
  static readonly none = new SessionSettings(new Map());

  readonly key: string;
  /** Alike where a text means the same: what the client calls itself doesn't matter. */
  readonly parsingKey: string;

  private constructor(readonly values: ReadonlyMap<string, string>) {
    this.key = keyOf([...values]);
    this.parsingKey = values.has('application_name')
      ? keyOf([...values].filter(([name]) => name !== 'application_name'))
      : this.key;
  }

  static from(values: Iterable<readonly [string, string]>): SessionSettings {
    const folded = new Map<string, string>();
    for (const [name, value] of values) folded.set(name.toLowerCase(), value);
    return folded.size === 0 ? SessionSettings.none : new SessionSettings(folded);
  }

  without(name: string): SessionSettings {
    return this.values.has(name) ? SessionSettings.from([...this.values].filter(([each]) => each !== name)) : this;
  }

  /** These settings with others laid over them. */
  with(others: SessionSettings): SessionSettings {
    return others.values.size === 0 ? this : SessionSettings.from([...this.values, ...others.values]);
  }
}

function keyOf(values: readonly (readonly [string, string])[]): string {
  return values
    .map(([name, value]) => `${name}\0${value}`)
    .sort()
    .join('\0');
}

/** Who one is decides what one may set: taken back first, set last. */
const identity = ['session_authorization', 'role'];

/** A value may name a part of these, and leaves the rest as it was. */
const relative: ReadonlySet<string> = new Set(['datestyle']);

/** The statement that turns a connection with the settings `from` into one with `to`; null when they are alike. */
export function differenceSql(from: SessionSettings, to: SessionSettings): string | null {
  if (from.key === to.key) return null;
  const sets = [...to.values].filter(([name, value]) => from.values.get(name) !== value);
  const isToReset = (name: string) =>
    !to.values.has(name) || (relative.has(name) && sets.some(([set]) => set === name));
  const resets = [...from.values.keys()].filter(isToReset);
  const statements = identityLast(resets, (name) => name)
    .reverse()
    .map((name) => `RESET ${quoteName(name)}`);
  if (sets.length > 0) statements.push(setSql(identityLast(sets, ([name]) => name)));
  return statements.join(';');
}

/**
 * As `differenceSql`, for a connection that may have more settings than `from` knows of. RESET ALL keeps who one is, and
 * what random() follows.
 */
export function wholeSql(from: SessionSettings, to: SessionSettings): string {
  const resets = identity.filter((name) => from.values.has(name)).map((name) => `RESET ${name}`);
  const statements = [...resets.reverse(), 'RESET ALL', reseedSql()];
  if (to.values.size > 0) statements.push(setSql(identityLast([...to.values], ([name]) => name)));
  return statements.join(';');
}

/** The statement that has random() give what nobody foresees, whatever was set before: no RESET or DISCARD does. */
export function reseedSql(): string {
  return `SELECT pg_catalog.setseed(${(randomInt(seeds) * 2) / seeds - 1})`;
}

const seeds = 2 ** 47;

/** One statement that makes all these settings. */
export function setSql(settings: Iterable<readonly [string, string]>): string {
  return `SELECT ${[...settings].map(setCall).join(',')}`;
}

/**
 * As `setSql`, for those alone that are not the session's own in pg_settings: RESET took them back, and nothing took that
 * back or set another value since.
 */
export function restoreSql(settings: Iterable<readonly [string, string]>): string {
  const calls = [...settings].map(([name, value]) => {
    const isName = `pg_catalog.lower(name)=${escapeLiteral(name)}`;
    const isOwn = `EXISTS (SELECT FROM pg_catalog.pg_settings WHERE ${isName} AND source='session')`;
    return `CASE WHEN NOT ${isOwn} THEN ${setCall([name, value])} END`;
  });
  return `SELECT ${calls.join(',')}`;
}

/** set_config takes lists, such as search_path, as they are written. */
function setCall([name, value]: readonly [string, string]): string {
  return `pg_catalog.set_config(${escapeLiteral(name)},${escapeLiteral(value)},false)`;
}

function identityLast<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  return [...items].sort((a, b) => identity.indexOf(nameOf(a)) - identity.indexOf(nameOf(b)));
}

/** `a.b` is two identifiers to RESET. */
function quoteName(name: string): string {
  return name.split('.').map(quoteIdentifier).join('.');
}
