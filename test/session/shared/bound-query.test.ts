import t, { type Test } from 'tap';
import { errorIn, signIn } from '../../support/ask.js';
import { daemonInFrontOf, type InProcessDaemon } from '../../support/in-process-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import type { RawClient } from '../../support/raw-client.js';
import { until } from '../../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
  create type mood as enum ('sad', 'happy');
  create table item (id int primary key, name text, mood mood, made date, price numeric, flags int8, note varchar(20));
  insert into item select n, 'item ' || n, 'sad', date '2026-01-01' + n, n * 1.5, n, 'O''Neill æ' || n
    from generate_series(1, 200) n;
  update item set name = '150' where id = 150;
  create function told() returns int language plpgsql immutable as 'begin raise notice ''told''; return 3; end';
  create view noted as select id, name, told() from item where told() < id`);

/** Queries of one shape: after those that the shape is promoted with, those that are compared. */
const shapes: Record<string, readonly [text: (value: string) => string, good: string, ...values: string[]]> = {
  'a number': [(n) => `select * from item where id = ${n}`, '7', '8', '-8', '- 9', '999', '0', '99999999999'],
  'a string': [(s) => `select id from item where name = ${s};`, "'item 7'", "'item 8'", "'O''x'", "''", "'\\'", "'æ'"],
  'a string in two parts': [(s) => `select id from item where name = ${s}`, "'item 7'", "'item'\n' 8'"],
  'a string with escapes': [(s) => `select id from item where name = ${s}`, "'item 7'", "E'item\\x208'", "'item 9'"],
  'an enum': [(s) => `select count(*) from item where mood = ${s}`, "'sad'", "'happy'", "'angry'", "'sad '"],
  'a date': [(s) => `select id from item where made = ${s} order by id`, "'2026-01-08'", "'2026-02-30'", "'today'"],
  'a cast': [(s) => `select id from item where made < ${s}::date`, "'2026-01-08'", "'x'", "'infinity'"],
  'a list': [(n) => `select id, note from item where id in (${n}, 3, 3)`, '5', '6', '-6'],
  'a range': [(n) => `select sum(price) from item where id between ${n} and 12 and flags > 2`, '5', '6', '20'],
  'a pattern': [
    (s) => `select id from item where name like ${s} order by id`,
    "'item 1%'",
    "'%2'",
    "'x\\'",
    "'item 3_'",
  ],
  'a limit': [(n) => `select id from item order by id limit ${n} offset 2`, '5', '6', '0', '-1'],
  'an error at a row': [(n) => `select name::int from item where id = ${n}`, '150', '7', '150'],
  'many rows': [(n) => `select a.*, b.* from item a, item b where a.id < ${n} order by a.id, b.id`, '2', '30', '201'],
  'a notice': [(n) => `select * from noted where id = ${n}`, '8', '9'],
  'no columns': [(n) => `select from item where id = ${n}`, '8', '9'],
  'no literals': [(c) => `select count(*) ${c} from item`, '/**/', '/**/'],
};

async function bytesOf(client: RawClient, text: string): Promise<string[]> {
  const { messages } = await client.ask(text);
  return messages.map(({ type, body }) => `${type} ${body.toString('latin1')}`);
}

const parsedOnLanes = (daemon: InProcessDaemon): number => daemon.pools()[0]?.sharedReads.parsed ?? 0;

const answeredOnLanes = (daemon: InProcessDaemon): number => daemon.pools()[0]?.sharedReads.answered ?? 0;

async function promote(daemon: InProcessDaemon, client: RawClient, text: string): Promise<void> {
  const parsed = parsedOnLanes(daemon);
  await until(`it is prepared on a lane: ${text}`, async () => {
    await client.ask(text);
    return parsedOnLanes(daemon) > parsed;
  });
}

async function clients(t: Test) {
  const daemon = await daemonInFrontOf(t, server, { mode: 'auto', pool: 'size: 3, rescueMs: 2000' });
  return { daemon, client: await signIn(t, daemon, server), direct: await signIn(t, server, server) };
}

t.test('a Query that a lane has prepared is answered byte for byte as one that the server parses', async (t) => {
  const { daemon, client, direct } = await clients(t);
  for (const [what, [text, good, ...values]] of Object.entries(shapes)) {
    await promote(daemon, client, text(good));
    for (const value of [...values, good])
      t.same(await bytesOf(client, text(value)), await bytesOf(direct, text(value)), `${what}: ${text(value)}`);
  }
});

t.test('a Query goes on being prepared after an error in one of its values', async (t) => {
  const { daemon, client } = await clients(t);
  const text = (mood: string) => `select count(*) from item where mood = '${mood}'`;
  await promote(daemon, client, text('sad'));
  const answered = answeredOnLanes(daemon);
  t.match(errorIn(await client.ask(text('angry'))), { C: '22P02', P: '40' });
  await until('another value of it is answered on a lane', async () => {
    await client.ask(text('happy'));
    return answeredOnLanes(daemon) > answered;
  });
});

t.test('a Query that is prepared follows a change of its table at once', async (t) => {
  const { daemon, client, direct } = await clients(t);
  await client.ask('create table changing as select 1 as a, 2 as b');
  await promote(daemon, client, 'select * from changing where a = 1');
  await client.ask('alter table changing add c text default $$new$$');
  const text = 'select * from changing where a = 1';
  t.same(await bytesOf(client, text), await bytesOf(direct, text));
  await direct.ask('alter table changing alter b type text');
  t.same(await bytesOf(client, text), await bytesOf(direct, text), 'made elsewhere, too');
  await client.ask('drop table changing');
  t.same(await bytesOf(client, text), await bytesOf(direct, text));
});
