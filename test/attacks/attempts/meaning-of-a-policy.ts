import { type Attempts, next } from '../attacking.js';

const tables = ['mails', 'tags', 'moments', 'embargoed', 'bodies', 'labels'] as const;

/** Each table under each of these settings. */
const under = (...settings: readonly string[]): string[] =>
  settings.flatMap((setting) => tables.map((table) => `${setting}${next}select * from public.${table}`));

/** A policy's expressions mean what they meant when it was written, whatever its client sets. */
export const meaningOfAPolicy: Attempts = {
  search_path: [
    ...under(
      "set search_path = ''",
      'set search_path = weird, public',
      'set search_path = pg_catalog, weird',
      'set search_path = shop',
    ),
    `set search_path = ''${next}insert into public.badges values (2, 'ADMIN')`,
    `set search_path = ''${next}update public.badges set kind = 'Admin'`,
    `set search_path = weird${next}insert into public.badges values (2, 'admin')`,
    `set search_path = ''${next}prepare p as select * from public.mails${next}execute p`,
    `begin${next}set local search_path = ''${next}declare c cursor for table public.mails${next}fetch all c`,
    `create temp table now (id int)${next}select * from public.embargoed`,
  ],
  'how texts are read': [
    ...under(
      "set datestyle = 'ISO, DMY'",
      "set datestyle = 'German, YMD'",
      'set intervalstyle = sql_standard',
      'set intervalstyle = iso_8601',
    ),
    ...under(
      'set array_nulls = off',
      "set default_text_search_config = 'simple'",
      'set xml option document',
      "set lc_time = 'C'",
    ),
    ...under('set transform_null_equals = on', 'set standard_conforming_strings = off', 'set backslash_quote = on'),
    `select set_config('array_nulls', 'off', false)${next}table public.labels`,
    `begin${next}set local array_nulls = off${next}table public.labels`,
  ],
  'where it is when': [
    ...under(
      "set timezone = '<X>+05:06'",
      "set timezone = '<X>+05:07'",
      "set timezone = '<X>-167'",
      "set timezone = '<UTC>-167'",
    ),
    ...under("set timezone = '<Z>+167'", "set time zone 'Pacific/Kiritimati'"),
    `set timezone = '<X>+05:06'${next}select at::text, at from public.moments`,
    `set timezone = '<X>+05:07'${next}select at at time zone 'UTC' from public.moments`,
  ],
};
