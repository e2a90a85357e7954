import type { BoundStatement, CastUse } from '../bind/bound.js';
import { isPolymorphic, oid } from '../bind/expressions/type-oids.js';
import type { CatalogFunction } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { type Fields, textOf } from '../facts/tree.js';
import { isFixedText } from './fixed-texts.js';
import { OperatorSqlError } from './operator-sql-error.js';

// What a policy's expression comes to may not hang on settings that its client makes. PostgreSQL knows it of its functions:
// those that do aren't immutable. What is here says which of them do no harm none the less, and how types read and print.
// Clients can't have a zone of their own making, so that a day is out by an hour at most, nor set array_nulls, lc_* and xml*.

/** How to write what would hang on a setting. */
const advice = {
  TimeZone: "say in which zone: at time zone 'UTC', or a time with its offset",
  DateStyle: "write dates as '2000-12-31', and to_char and to_date for texts",
  IntervalStyle: 'give each number of an interval its sign and unit',
  extra_float_digits: 'cast to numeric first',
  bytea_output: 'use encode(value, format)',
  default_text_search_config: "name the configuration: to_tsvector('english', value)",
  search_path: "write the schema in the text: 'public.item'::regclass",
} as const;

type Setting = keyof typeof advice;

/** Types that are read from a text, and printed, as a setting says. */
const read: ReadonlyMap<number, Setting> = new Map<number, Setting>([
  [oid.date, 'DateStyle'],
  [oid.time, 'DateStyle'],
  [oid.timestamp, 'DateStyle'],
  [oid.timestamptz, 'TimeZone'],
  [oid.timetz, 'TimeZone'],
  [oid.interval, 'IntervalStyle'],
]);
const printed: ReadonlyMap<number, Setting> = new Map<number, Setting>([
  [oid.date, 'DateStyle'],
  [oid.timestamp, 'DateStyle'],
  [oid.timestamptz, 'TimeZone'],
  [oid.interval, 'IntervalStyle'],
  [oid.float4, 'extra_float_digits'],
  [oid.float8, 'extra_float_digits'],
  [oid.bytea, 'bytea_output'],
]);

/** Of functions that take or give times and aren't immutable, those that know no zone, or are told of one. */
const zoneless =
  /^(now|(statement|transaction|clock)_timestamp|timestamptz_(pl|mi)_interval|interval_pl_timestamptz|date_(add|subtract)|generate_series|overlaps|in_range|to_date|pg_\w+)$/;
/** The number of arguments with which these are told of a zone. */
const toldZone: Readonly<Record<string, number>> = { date_trunc: 3, make_timestamptz: 7 };

const takesZone = /^(timezone|date_trunc|make_timestamptz|date_add|date_subtract|generate_series)$/;

/** Of a moment they tell the seconds since 1970 alike in all zones, and everything else as it is in one. */
const isFieldOfAll = /^(extract|date_part)$/;
const asksPrivilege = /^has_(table|sequence|any_column|column|function|type)_privilege$/;
const bySetting: readonly (readonly [RegExp, Setting])[] = [
  [/to_tsvector$|to_tsquery$|^(get_current_ts_config|ts_headline|ts_match_t[tq])$/, 'default_text_search_config'],
  [/^(timeofday|jsonb_path_\w+_tz)$/, 'TimeZone'],
  [/^jsonb?_to_record(set)?$/, 'DateStyle'],
  [/^(current_schemas?|to_reg\w+|row_security_active)$/, 'search_path'],
];

/** @throws OperatorSqlError for what a session's settings could make something else of */
export function refuseSettings({ casts, functions, operators }: BoundStatement, index: CatalogIndex): void {
  const types = new SettingTypes(index);
  for (const use of casts) {
    const setting = types.ofCast(use);
    if (setting !== null) refuse(setting, `conversion to ${index.type(use.target)?.name ?? 'an unknown type'}`);
  }
  for (const { name, candidates, argumentTypes, literals } of functions) {
    // Whose zone is GMT+3, as drivers write it, has given that name another meaning.
    if (takesZone.test(name) && literals.some((text) => /gmt/i.test(text ?? ''))) refuse('TimeZone', 'GMT');
    if (isFieldOfAll.test(name) && /^epoch$/i.test(literals[0] ?? '')) continue;
    for (const each of candidates) refuseIf(types.ofFunction(each, argumentTypes), name);
  }
  for (const { name, candidates, operands } of operators) {
    if (candidates.length > 1) {
      throw new OperatorSqlError(`has operator ${name} on a value whose type can't be told; cast it`);
    }
    for (const candidate of candidates) refuseIf(types.ofFunctionAt(candidate.function, operands), `operator ${name}`);
  }
}

/** What syntax calls. */
export function refuseNode(kind: string, { op }: Fields): void {
  if (kind === 'SQLValueFunction' && /_(CURRENT_DATE|CURRENT_TIME|LOCALTIME|LOCALTIMESTAMP)(_N)?$/.test(textOf(op))) {
    refuse('TimeZone', textOf(op).replace(/^SVFOP_|_N$/g, ''));
  }
  if (kind === 'SQLValueFunction' && textOf(op) === 'SVFOP_CURRENT_SCHEMA') refuse('search_path', 'CURRENT_SCHEMA');
  if (/^Json(?!IsPredicate)|^RangeTableFunc$/.test(kind)) {
    throw new OperatorSqlError('has SQL/JSON or XMLTABLE, whose conversions hang on settings; write it with operators');
  }
  // They print whatever they are given, floats and times as well.
  if (kind === 'XmlExpr' && /^IS_XML(ELEMENT|FOREST)$/.test(textOf(op))) {
    throw new OperatorSqlError('has XMLELEMENT or XMLFOREST, which print by settings; write it with ||');
  }
}

function refuseIf(setting: Setting | null, what: string): void {
  if (setting !== null) refuse(setting, what);
}

function refuse(setting: Setting, what: string): never {
  throw new OperatorSqlError(
    `hangs on the client's ${setting} by ${what}, so that its client could change it; ${advice[setting]}`,
    setting,
  );
}

class SettingTypes {
  constructor(private readonly index: CatalogIndex) {}

  ofCast({ source, target, method, literal, function: by }: CastUse): Setting | null {
    if (source === oid.unknown && literal !== undefined) return literal === null ? null : this.ofText(literal, target);
    if (method === 'function') return this.ofFunctionAt(by, [source]);
    if (method === 'binary') return null;
    return this.within(printed, source) ?? this.within(read, target);
  }

  ofFunctionAt(at: number, given: readonly number[]): Setting | null {
    const found = this.index.function(at);
    return found === undefined ? null : this.ofFunction(found, given);
  }

  /** Functions of others are as whoever wrote them wants them. */
  ofFunction(each: CatalogFunction, given: readonly number[]): Setting | null {
    const { schema, name, volatility, returns, arguments: taken } = each;
    if (schema !== 'pg_catalog') return null;
    // It counts months by the clocks of the zone, though it is marked otherwise.
    if (name === 'age' && taken.includes(oid.timestamptz)) return 'TimeZone';
    if (volatility === 'i') return null;
    // They look a name up, where they aren't given an oid.
    if (asksPrivilege.test(name) && !taken.includes(oid.oid)) return 'search_path';
    const named = bySetting.find(([pattern]) => pattern.test(name));
    if (named !== undefined) return named[1];
    if (taken.some((type) => type === oid.any || type === oid.record || isPolymorphic(type))) {
      return this.firstOf(given, (type) => this.within(printed, type));
    }
    if (name === 'to_char' && !taken.includes(oid.timestamptz)) return null;
    if (zoneless.test(name) || toldZone[name] === taken.length) return null;
    if (this.isLookedUp(returns)) return 'search_path';
    return this.firstOf([...taken, returns], (type) => (read.has(type) ? 'TimeZone' : null));
  }

  private firstOf(types: readonly number[], settingOf: (type: number) => Setting | null): Setting | null {
    for (const type of types) {
      const setting = settingOf(type);
      if (setting !== null) return setting;
    }
    return null;
  }

  /** A literal is read once and for all if it is written in a form that every setting reads alike. */
  private ofText(text: string, target: number): Setting | null {
    const setting = this.within(read, target);
    return setting === null || isFixedText(text, this.index.type(target), this.index) ? null : setting;
  }

  /** Its values are oids, and its texts names that may leave out their schemas. */
  private isLookedUp(type: number): boolean {
    const { schema = '', name = '' } = this.index.type(type) ?? {};
    return schema === 'pg_catalog' && /^reg(?!namespace$|role$)/.test(name);
  }

  /** Of a type, or of what it is made of. */
  private within(how: ReadonlyMap<number, Setting>, oid: number, above: readonly number[] = []): Setting | null {
    const type = this.index.type(oid);
    if (this.isLookedUp(oid)) return 'search_path';
    if (type === undefined || how.has(oid) || above.includes(oid)) return how.get(oid) ?? null;
    const columns = this.index.relation(type.relation)?.columns ?? [];
    const parts = [type.base, type.isArray ? type.element : 0, type.subtype, ...columns.map((column) => column.type)];
    return this.firstOf(parts, (part) => (part === 0 ? null : this.within(how, part, [...above, oid])));
  }
}
