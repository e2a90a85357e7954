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
    ...under("set datestyle = 'ISO, DMY'", "set datestyle = 'German, YMD'", 'set intervalstyle = sql_standard'),
    ...under("set default_text_search_config = 'simple'"),
    `set array_nulls = off${next}table public.labels`,
    `begin${next}set local array_nulls = off${next}table public.labels`,
    `select set_config('array_nulls', 'off', false)${next}table public.labels`,
    `set xml option document${next}table public.labels`,
    `set transform_null_equals = on${next}table public.labels`,
    `set standard_conforming_strings = off${next}table public.mails`,
  ],
  'when it is a day': [
    ...under('set timezone = 5.1', 'set time zone 14', "set time zone interval '-12:00' hour to minute"),
    ...['<X>+05:06', '<UTC>-167', 'UTC-167', '<A>167<B>-167,J1/0,J330/0'].flatMap((zone) => [
      `set timezone = '${zone}'${next}table public.embargoed`,
      `select set_config('TimeZone', '${zone}', false)${next}select at::text, at from public.moments`,
    ]),
    `set timezone = 5.2${next}select at at time zone 'UTC', at from public.moments`,
  ],
};
