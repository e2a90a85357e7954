import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import t from 'tap';
import { findPostgres } from '../support/postgres-binaries.js';
import { findTool, runOrThrow } from '../support/process.js';
import { sameThreeWays, type Way, without } from '../support/three-ways.js';

const { folder, version } = findPostgres();
const tools = {
  psql: findTool('psql', [folder]),
  pg_dump: findTool('pg_dump', [folder]),
  pg_restore: findTool('pg_restore', [folder]),
};
const skip = without(tools) || (isOlderThanServer() && 'pg_dump is older than the server, which it refuses');

function isOlderThanServer(): boolean {
  const printed = execFileSync(tools.pg_dump ?? '', ['--version'], { encoding: 'utf8' });
  return Number.parseInt(printed.replace(/^\D*/, ''), 10) < Number.parseInt(version, 10);
}

const schema = `
  create schema shop;
  create type shop.size as enum ('small', 'large');
  create table shop.item (id bigint generated always as identity primary key, name text not null, size shop.size,
    tags text[] default '{}', data jsonb, image bytea, price numeric(10,2) check (price >= 0));
  create table shop.line (item bigint references shop.item, day date, amount int) partition by range (day);
  create table shop.line_2026 partition of shop.line for values from ('2026-01-01') to ('2027-01-01');
  create index on shop.item using gin (data);
  create view shop.cheap as select name, price from shop.item where price < 10;
  create function shop.twice(n int) returns int language sql immutable as 'select n * 2';
  create function shop.touch() returns trigger language plpgsql as 'begin new.name := trim(new.name); return new; end';
  create trigger trim before insert on shop.item for each row execute function shop.touch();
  comment on table shop.item is 'what there is; "quoted" and ''quoted''';
  insert into shop.item (name, size, tags, data, image, price)
    select 'item ' || n, (array['small','large'])[1 + n % 2]::shop.size, array['a b', null, '"', '\\', n::text],
      jsonb_build_object('n', n, 'text', e'tab\\tnewline\\n'), decode(md5(n::text), 'hex'), n % 50 from generate_series(1, 5000) n;
  insert into shop.line select id, '2026-01-01'::date + (id % 300)::int, id from shop.item;
  select lo_from_bytea(777, 'a large object') \\g /dev/null
`;

/** A dump as text, without the lines that differ between two dumps of the same: newer versions make up a key for each. */
async function dumpText(way: Way, database: string): Promise<string> {
  const text = await runOrThrow(tools.pg_dump ?? '', ['-d', database], { env: way.env });
  return text.replace(/^\\(un)?restrict .*$/gm, '').replaceAll(/^-- Dumped .*$/gm, '');
}

/** A dump is a megabyte: it is compared, not shown. */
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

t.test('what pg_dump takes out, pg_restore puts back whole', { skip }, async (t) => {
  await sameThreeWays(t, async (way) => {
    const { env } = way;
    await runOrThrow(tools.psql ?? '', ['-Xqv', 'ON_ERROR_STOP=1'], { env, input: schema });
    const archive = path.join(way.folder, `${way.name}.dump`);
    await runOrThrow(tools.pg_dump ?? '', ['-Fc', '-f', archive], { env });
    await runOrThrow(tools.pg_restore ?? '', ['-d', way.otherDatabase, '--exit-on-error', archive], { env });
    const original = await dumpText(way, way.database);
    const restored = await dumpText(way, way.otherDatabase);
    return { isSame: original === restored, digest: digest(original) };
  });
});

t.test('pg_dump and pg_restore share one snapshot between several connections', { skip }, async (t) => {
  await sameThreeWays(t, async (way) => {
    const { env } = way;
    await runOrThrow(tools.psql ?? '', ['-Xqv', 'ON_ERROR_STOP=1'], { env, input: schema });
    const archive = path.join(way.folder, `${way.name}.folder`);
    await runOrThrow(tools.pg_dump ?? '', ['-Fd', '-j', '2', '-f', archive], { env });
    await runOrThrow(tools.pg_restore ?? '', ['-d', way.otherDatabase, '-j', '2', '--exit-on-error', archive], { env });
    return digest(await dumpText(way, way.otherDatabase));
  });
});
