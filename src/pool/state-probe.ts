import { askUpstream } from '../backend/postgres/own-query.js';
import { escapeLiteral } from '../sql/quote.js';
import { transactionSettings } from '../sql/setting-effects.js';
import { customNamesMax } from './custom-names.js';
import type { PooledUpstream } from './pooled-upstream.js';
import { SessionSettings } from './session-settings.js';

/** What a server session holds that the next client must not meet, or that the same client must find again. */
export interface SessionState {
  readonly settings: SessionSettings;
  /** What can't be carried over to another upstream: temp tables, advisory locks, LISTEN, held cursors, SQL PREPARE. */
  readonly isSticky: boolean;
}

// Every name is qualified, operators as well: a client's search path must not answer for the server. `role` and
// `session_authorization` aren't in pg_settings (GUC_NO_SHOW_ALL).
const equals = 'OPERATOR(pg_catalog.=)';
/** PG 53: pg_namespace. What is in a schema depends on it, whatever it is. */
const namespaces = 2615;
const stateFields = `'settings', (SELECT pg_catalog.json_object_agg(name, setting) FROM pg_catalog.pg_settings
  WHERE source ${equals} 'session' AND NOT name ${equals} ANY ('{${transactionSettings}}')),
 'role', pg_catalog.current_setting('role'),
 'user', pg_catalog.current_setting('session_authorization'),
 'sticky', EXISTS (SELECT FROM pg_catalog.pg_listening_channels())
  OR EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql)
  OR EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable)
  OR EXISTS (SELECT FROM pg_catalog.pg_locks
   WHERE locktype ${equals} 'advisory' AND pid ${equals} pg_catalog.pg_backend_pid())
  OR EXISTS (SELECT FROM pg_catalog.pg_depend
   WHERE refclassid ${equals} ${namespaces} AND refobjid ${equals} pg_catalog.pg_my_temp_schema())`;

/** `set_config('a.b', ...)` and `SET a.b = ...` in a function's source. */
const dottedName = '([a-z_][a-z_0-9$]*(?:[.][a-z_0-9$]+)+)';
const setsCustom = escapeLiteral(
  `set_config\\s*\\(\\s*'${dottedName}'|\\mset\\s+(?:session\\s+)?${dottedName}\\s*(?:=|\\mto\\M)`,
);
// 12 and 13 are the languages internal and c.
const namesInFunctions = `SELECT DISTINCT pg_catalog.lower(COALESCE(found[1], found[2])) AS name
  FROM pg_catalog.pg_proc, LATERAL pg_catalog.regexp_matches(prosrc, ${setsCustom}, 'gi') AS found
  WHERE prolang OPERATOR(pg_catalog.>) 13 LIMIT ${customNamesMax}`;

interface StateAnswer {
  readonly settings: Record<string, string> | null;
  readonly role: string;
  readonly user: string;
  readonly sticky: boolean;
  readonly custom: NamedValues;
  readonly functions: NamedValues;
}

/** Values by the names asked for, null where there is no such setting; null: nothing was asked for. */
type NamedValues = Record<string, string | null> | null;

/**
 * Asks the server what state a session is in, after something was run whose effects can't be told from its text.
 * `names` are settings that it may have beside those that the server lists. Null: it didn't say, so the state is
 * unknown.
 */
export function probeState(
  upstream: PooledUpstream,
  names: Iterable<string>,
  onState: (state: SessionState | null) => void,
): void {
  const { loginUser, customNames } = upstream;
  const asked = [...new Set([...names].filter((name) => name.includes('.')))];
  const isLearning = customNames.isOutdated;
  const sql = stateSql(asked, isLearning ? namesInFunctions : listed(customNames.names));
  askUpstream(upstream.connection, sql, (answer) => {
    if (answer.kind !== 'value' || answer.value === null) return onState(null);
    const state = parse<StateAnswer>(answer.value);
    const functions = state.functions ?? {};
    if (isLearning) customNames.learned(Object.keys(functions));
    const values = new Map(Object.entries(state.settings ?? {}));
    // RESET leaves such a setting behind as an empty text, which is as good as none.
    for (const [name, value] of Object.entries(functions)) if (value) values.set(name, value);
    for (const [name, value] of Object.entries(state.custom ?? {})) if (value !== null) values.set(name, value);
    if (state.role !== 'none') values.set('role', state.role);
    if (state.user !== loginUser) values.set('session_authorization', state.user);
    onState({ settings: SessionSettings.from(values), isSticky: state.sticky });
  });
}

function stateSql(asked: readonly string[], functionNames: string): string {
  return select(`pg_catalog.json_build_object(${stateFields},
 'custom', ${valuesOf(listed(asked))}, 'functions', ${valuesOf(functionNames)})`);
}

function valuesOf(names: string): string {
  return `(SELECT pg_catalog.json_object_agg(name, pg_catalog.current_setting(name, true)) FROM (${names}) AS names)`;
}

function listed(names: readonly string[]): string {
  return `SELECT pg_catalog.unnest(ARRAY[${names.map(escapeLiteral).join(',')}]::pg_catalog.text[]) AS name`;
}

/** Asks for the values of named settings only, which is cheaper: for a plain SET. Null: the server didn't say. */
export function probeSettings(
  upstream: PooledUpstream,
  names: readonly string[],
  onSettings: (values: SessionSettings | null) => void,
): void {
  askUpstream(upstream.connection, select(valuesOf(listed(names))), (answer) => {
    if (answer.kind !== 'value' || answer.value === null) return onSettings(null);
    const values = Object.entries(parse<NamedValues>(answer.value) ?? {});
    onSettings(SessionSettings.from(values.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))));
  });
}

/** The client encoding may be any: so the answer comes as UTF-8 in base 64. */
function select(json: string): string {
  return `SELECT pg_catalog.encode(pg_catalog.convert_to(${json}::pg_catalog.text, 'UTF8'), 'base64')`;
}

function parse<Answer>(base64: string): Answer {
  return JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as Answer;
}
