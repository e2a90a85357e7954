/** The channel that the event trigger speaks on. A daemon that listens there calls `distrust` for each notification. */
export const ddlChannel = 'pgturnstile_ddl';

/**
 * The script that an operator may run as a superuser in each policed database. With it a change is known the moment it
 * is committed; without it, at the next look. It tells nothing but that something changed.
 */
export function eventTriggerScript(): string {
  return `-- Tells pgturnstile of every change to this database's tables, functions and types as it is committed.
-- Run it once in each database, as a superuser. A transaction that has changed something can then not be prepared
-- for two-phase commit (PREPARE TRANSACTION), as after any NOTIFY. To take it back:
--   drop event trigger pgturnstile_ddl; drop event trigger pgturnstile_drop; drop schema pgturnstile cascade;
begin;
create schema if not exists pgturnstile;
create or replace function pgturnstile.tell_of_ddl() returns event_trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $$
begin
  -- Temporary tables are their session's own business.
  if (tg_event = 'sql_drop' and exists (select from pg_event_trigger_dropped_objects() where not is_temporary))
    or (tg_event = 'ddl_command_end' and exists (
      select from pg_event_trigger_ddl_commands() where schema_name is distinct from 'pg_temp'))
  then
    perform pg_notify('${ddlChannel}', '');
  end if;
end
$$;
revoke all on function pgturnstile.tell_of_ddl() from public;
drop event trigger if exists pgturnstile_ddl;
drop event trigger if exists pgturnstile_drop;
create event trigger pgturnstile_ddl on ddl_command_end execute function pgturnstile.tell_of_ddl();
create event trigger pgturnstile_drop on sql_drop execute function pgturnstile.tell_of_ddl();
-- Also in sessions that apply changes as a replica does.
alter event trigger pgturnstile_ddl enable always;
alter event trigger pgturnstile_drop enable always;
commit;
`;
}
