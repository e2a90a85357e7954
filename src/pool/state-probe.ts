import { askUpstream } from '../backend/postgres/own-query.js';
import type { PooledUpstream } from './pooled-upstream.js';
import { quoteLiteral, SessionSettings } from './session-settings.js';

/** What a server session holds that the next client must not meet, or that the same client must find again. */
export interface SessionState {
  readonly settings: SessionSettings;
  /** What can't be carried over to another upstream: temp tables, advisory locks, LISTEN, held cursors, SQL PREPARE. */
  readonly isSticky: boolean;
}

// `role` and `session_authorization` aren't in pg_settings (GUC_NO_SHOW_ALL).
const stateSql = `SELECT pg_catalog.json_build_object(
 'settings', (SELECT pg_catalog.json_object_agg(name, setting) FROM pg_catalog.pg_settings
   WHERE source = 'session' AND name NOT LIKE 'transaction\\_%'),
 'role', pg_catalog.current_setting('role'),
 'user', pg_catalog.current_setting('session_authorization'),
 'prepared', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statements WHERE NOT from_sql),
 'sticky', EXISTS (SELECT FROM pg_catalog.pg_listening_channels())
  OR EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql)
  OR EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable)
  OR EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid())
  OR EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema())
  OR EXISTS (SELECT FROM pg_catalog.pg_proc WHERE pronamespace = pg_catalog.pg_my_temp_schema())
  OR EXISTS (SELECT FROM pg_catalog.pg_type WHERE typnamespace = pg_catalog.pg_my_temp_schema())
)::text`;

interface StateAnswer {
  readonly settings: Record<string, string> | null;
  readonly role: string;
  readonly user: string;
  /** How many statements were prepared by Parse. */
  readonly prepared: number;
  readonly sticky: boolean;
}

/**
 * Asks the server what state a session is in, after something was run whose effects can't be told from its text.
 * Null: it didn't say, so the state is unknown.
 */
export function probeState(upstream: PooledUpstream, onState: (state: SessionState | null) => void): void {
  const loginUser = upstream.loginUser;
  askUpstream(upstream.connection, stateSql, (answer) => {
    if (answer.kind !== 'value' || answer.value === null) return onState(null);
    const { settings, role, user, prepared, sticky } = JSON.parse(answer.value) as StateAnswer;
    // A function can DEALLOCATE as well.
    if (prepared !== upstream.statements.size) upstream.statements.distrust();
    const values = Object.entries(settings ?? {});
    if (role !== 'none') values.push(['role', role]);
    if (user !== loginUser) values.push(['session_authorization', user]);
    onState({ settings: SessionSettings.from(values), isSticky: sticky });
  });
}

/** Asks for the values of named settings only, which is cheaper: for a plain SET. Null: the server didn't say. */
export function probeSettings(
  upstream: PooledUpstream,
  names: readonly string[],
  onSettings: (values: SessionSettings | null) => void,
): void {
  const calls = names.map((name) => `pg_catalog.current_setting(${quoteLiteral(name)}, true)`);
  askUpstream(upstream.connection, `SELECT pg_catalog.json_build_array(${calls.join(',')})::text`, (answer) => {
    if (answer.kind !== 'value' || answer.value === null) return onSettings(null);
    const values = JSON.parse(answer.value) as (string | null)[];
    onSettings(SessionSettings.from(names.flatMap((name, at) => (values[at] == null ? [] : [[name, values[at]]]))));
  });
}
