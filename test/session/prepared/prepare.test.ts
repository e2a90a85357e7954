import t, { type Test } from 'tap';
import { backendOf, errorIn, rowsIn, rowsOf, signIn, sqlstateOf } from '../../support/ask.js';
import { daemonInFrontOf, type InProcessDaemon } from '../../support/in-process-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import type { RawClient, Reply } from '../../support/raw-client.js';
import {
  bind,
  close,
  cstring,
  describe,
  execute,
  flush,
  int16,
  message,
  parse,
  query,
  sync,
} from '../../support/raw-messages.js';

// Prepared statements of clients who share upstreams: a client's name for one is nobody else's, wherever it is run.

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');
// Who looks at the view itself is shown what is its own.
await server.query('create view held as select * from pg_prepared_statements');
await server.query("insert into item values (1, 'one'), (2, 'two')");

async function send(client: RawClient, ...messages: Buffer[]): Promise<Reply> {
  client.send(...messages, sync());
  return client.readUntilReady();
}

const run = (client: RawClient, statement: string, ...values: (string | null)[]) =>
  send(client, bind({ statement, values }), execute());

/** Has each of the pool's upstreams taken in turn, so that a client comes to another one than before. */
async function onEachUpstream(
  t: Test,
  daemon: InProcessDaemon,
  size: number,
  visit: () => Promise<void>,
): Promise<void> {
  const holders: RawClient[] = [];
  for (let free = size; free > 0; free -= 1) {
    await visit();
    const holder = await signIn(t, daemon, server);
    await holder.ask('begin');
    holders.push(holder);
    if (free === 1) break;
  }
  for (const holder of holders) await holder.ask('rollback');
}

t.test('a named statement runs on whatever upstream its client gets', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 3' });
  const client = await signIn(t, daemon, server);
  await send(client, parse('select name, pg_backend_pid() from item where id = $1', 'by id'));
  const seen = new Set<string | null | undefined>();
  await onEachUpstream(t, daemon, 3, async () => {
    const reply = await run(client, 'by id', '1');
    t.equal(reply.types, '2DCZ', 'the Parse that was made for it is not seen');
    const [[name, processId] = []] = rowsIn(reply);
    t.equal(name, 'one');
    seen.add(processId);
  });
  t.equal(seen.size, 3);
});

t.test('the same name is each client’s own', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const clients = await Promise.all([1, 2, 3].map(() => signIn(t, daemon, server)));
  for (const [at, client] of clients.entries()) await send(client, parse(`select ${at}`, 'mine'));
  for (let round = 0; round < 2; round += 1) {
    for (const [at, client] of clients.entries()) t.same(rowsIn(await run(client, 'mine')), [[String(at)]]);
  }
  await send(clients[0] as RawClient, close('S', 'mine'));
  t.match(errorIn(await run(clients[0] as RawClient, 'mine')), {
    C: '26000',
    M: 'prepared statement "mine" does not exist',
  });
  t.same(rowsIn(await run(clients[1] as RawClient, 'mine')), [['1']], 'what one closes the others keep');
});

t.test('clients who prepare the same text share it upstream', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const clients = await Promise.all([1, 2, 3].map(() => signIn(t, daemon, server)));
  for (const [at, client] of clients.entries()) await send(client, parse('select name from item', `name ${at}`));
  const names = await rowsOf(clients[0] as RawClient, "select count(*) from held where name like 'pgt%'");
  t.same(names, [['1']]);
});

t.test('the unnamed statement and portal are each client’s own', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const [first, second] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  await send(first, parse("select 'first'"));
  await send(second, parse("select 'second'"));
  t.same(rowsIn(await run(first, '')), [['first']], 'parsed again for who comes back');
  t.same(rowsIn(await run(second, '')), [['second']]);
  await second.ask('select 1');
  t.match(errorIn(await run(second, '')), { C: '26000' }, 'a simple query drops it');
  t.same(rowsIn(await run(first, '')), [['first']], 'its own client’s only');
});

t.test('one that nobody used for long makes room, and is there again when it is used', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  const count = 700;
  for (let at = 0; at < count; at += 100) {
    const batch = Array.from({ length: 100 }, (_, more) => parse(`select ${at + more}`, `s${at + more}`));
    t.equal((await send(client, ...batch)).types, `${'1'.repeat(100)}Z`, 'no Close of ours is seen');
  }
  const [[held] = []] = await rowsOf(client, "select count(*) from held where name like 'pgt%'");
  t.ok(Number(held) <= 500, `${held} of ${count} are held upstream`);
  for (const at of [0, 699, 1, 350]) t.same(rowsIn(await run(client, `s${at}`)), [[String(at)]]);
});

t.test('what one client holds of prepared statements and portals has bounds', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  const long = 'x'.repeat(500_000);
  const prepare = async (at: number) => errorIn(await send(client, parse(`select '${at}${long}'`, `s${at}`)));
  let held = 0;
  let refusal = await prepare(0);
  while (refusal === null && held < 100) refusal = await prepare(++held);
  t.match(refusal, { C: '54000', M: 'too many prepared statements' });
  t.ok(held > 60, `${held} texts of 500 kB`);
  t.equal((await send(client, close('S', 's0'), close('S', 's1'), parse('select 1', 'one'))).types, '331Z');
  await client.ask('begin');
  // The server has forgotten those that went before.
  const some = async (from: number) => {
    const binds = Array.from({ length: 2_500 }, (_, more) => bind({ statement: 'one', portal: `p${from + more}` }));
    const reply = await send(client, ...binds);
    await client.ask('close all');
    return reply;
  };
  for (let from = 0; from < 20_000; from += 2_500) t.equal(errorIn(await some(from)), null);
  t.match(errorIn(await some(20_000)), { C: '54000', M: 'too many portals' });
  await client.ask('rollback');
  t.same(rowsIn(await run(client, 'one')), [['1']]);
});

t.test('a name that is taken stays so on every upstream', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const client = await signIn(t, daemon, server);
  await send(client, parse('select 1', 'taken'));
  await onEachUpstream(t, daemon, 2, async () => {
    const again = await send(client, parse('select 2', 'taken'), parse('select 3', 'never'));
    t.equal(again.types, 'EZ');
    t.match(errorIn(again), { C: '42P05', M: 'prepared statement "taken" already exists' });
    t.same(rowsIn(await run(client, 'taken')), [['1']]);
    t.match(errorIn(await run(client, 'never')), { C: '26000' });
  });
});

t.test('what was prepared before an error in the same batch stays, what comes after is not there', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  const reply = await send(client, parse('select 1', 'before'), parse('selekt', 'wrong'), parse('select 3', 'after'));
  t.equal(reply.types, '1EZ');
  t.same(rowsIn(await run(client, 'before')), [['1']]);
  for (const name of ['wrong', 'after']) t.match(errorIn(await run(client, name)), { C: '26000' }, name);
  t.equal((await send(client, parse('select 4', 'after'))).types, '1Z', 'and its name is free');
});

t.test('a statement is described by its own name, and closed twice without harm', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const client = await signIn(t, daemon, server);
  await send(client, parse('select name from item where id = $1', 'by id'));
  await onEachUpstream(t, daemon, 2, async () => {
    t.equal((await send(client, describe('S', 'by id'))).types, 'tTZ');
  });
  t.equal((await send(client, close('S', 'by id'), close('S', 'by id'))).types, '33Z');
  t.match(errorIn(await send(client, describe('S', 'by id'))), {
    C: '26000',
    M: 'prepared statement "by id" does not exist',
  });
});

t.test('a statement whose table has changed behaves as at the server', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  for (const to of [server, daemon]) {
    await server.query('drop table if exists changing; create table changing (a int); insert into changing values (1)');
    const client = await signIn(t, to, server);
    await send(client, parse('select * from changing', 'all'));
    t.same(rowsIn(await run(client, 'all')), [['1']]);
    await server.query("alter table changing add b text default 'x'");
    t.match(errorIn(await run(client, 'all')), { C: '0A000', M: 'cached plan must not change result type' });
    await send(client, close('S', 'all'), parse('select * from changing', 'all'));
    t.same(rowsIn(await run(client, 'all')), [['1', 'x']], 'once it is prepared again it is as new');
  }
});

t.test('a literal that is read at Parse is read with the client’s own settings', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const [european, american] = await Promise.all([
    signIn(t, daemon, server, { parameters: { DateStyle: 'ISO, DMY' } }),
    signIn(t, daemon, server, { parameters: { DateStyle: 'ISO, MDY' } }),
  ]);
  const text = "select date '02-01-2024', timestamptz '2024-01-01 00:00' at time zone 'UTC'";
  for (const client of [european, american]) await send(client, parse(text, 'dates'));
  t.equal(rowsIn(await run(european, 'dates'))[0]?.[0], '2024-01-02');
  t.equal(rowsIn(await run(american, 'dates'))[0]?.[0], '2024-02-01');
});

t.test('tables are those of the search path that the statement was prepared with, as at the server', async (t) => {
  await server.query('create schema one; create schema two');
  for (const schema of ['one', 'two']) {
    await server.query(`create table ${schema}.here (name text); insert into ${schema}.here values ('${schema}')`);
  }
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const heard: string[] = [];
  for (const to of [server, daemon]) {
    const client = await signIn(t, to, server);
    const seen: unknown[] = [];
    await client.ask('set search_path = one');
    await send(client, parse('select name from here', 'here'));
    seen.push(rowsIn(await run(client, 'here')));
    await client.ask('set search_path = two');
    seen.push(rowsIn(await run(client, 'here')));
    await client.ask('set search_path = one');
    seen.push(rowsIn(await run(client, 'here')));
    heard.push(JSON.stringify(seen));
  }
  t.equal(heard[1], heard[0]);
});

t.test('names are whatever the client’s encoding has: bytes that are no UTF-8 are still two names', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const client = await signIn(t, daemon, server, { parameters: { client_encoding: 'LATIN1' } });
  const names = [
    Buffer.from([0xe4]),
    Buffer.from([0xf6]),
    Buffer.from('ä'),
    Buffer.from('a"b\\'),
    Buffer.from('x'.repeat(200)),
  ];
  const parseOf = (name: Buffer, at: number) => message('P', cstring(name), cstring(`select ${at}`), int16(0));
  const bindOf = (name: Buffer) => message('B', cstring(''), cstring(name), int16(0), int16(0), int16(0));
  for (const [at, name] of names.entries()) t.equal((await send(client, parseOf(name, at))).types, '1Z');
  await onEachUpstream(t, daemon, 2, async () => {
    for (const [at, name] of names.entries()) {
      t.same(rowsIn(await send(client, bindOf(name), execute())), [[String(at)]], name.toString('latin1'));
    }
  });
});

t.test('EXECUTE and DEALLOCATE find what Parse has prepared, whatever their texts hold', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const client = await signIn(t, daemon, server);
  await send(client, parse('select $1::text', 'größe'), parse('select $1::text', 'plain'));
  await onEachUpstream(t, daemon, 2, async () => {
    t.same(await rowsOf(client, `execute "größe"('ελληνικά')`), [['ελληνικά']]);
    t.same(await rowsOf(client, 'execute plain(\'größe $1 "x"\')'), [['größe $1 "x"']]);
  });
  t.equal(await sqlstateOf(client, 'deallocate "größe"'), null);
  t.match(errorIn(await run(client, 'größe', 'x')), { C: '26000' });
  t.same(rowsIn(await run(client, 'plain', 'x')), [['x']]);
  t.equal(await sqlstateOf(client, 'deallocate all'), null);
  t.match(errorIn(await run(client, 'plain', 'x')), { C: '26000' });
});

t.test('what one client deallocates, discards or runs into an error with, others keep', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const [client, other] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  await send(other, parse('select name from item where id = $1', 'kept'));
  for (const text of ['deallocate all', 'discard all', 'deallocate kept', 'execute kept(1)', 'discard plans']) {
    await client.ask(text);
    t.same(rowsIn(await run(other, 'kept', '2')), [['two']], text);
  }
});

t.test('no client can reach what another one prepared by its upstream name', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const [client, other] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  await send(other, parse("select 'secret'", 'own'));
  const [[name] = []] = await rowsOf(client, "select name from held where name like 'pgt%'");
  t.ok(name);
  const missing = { C: '26000', M: `prepared statement "${name}" does not exist` };
  t.match(errorIn(await run(client, String(name))), missing);
  t.match(errorIn(await send(client, describe('S', String(name)))), missing);
  t.equal((await send(client, close('S', String(name)))).types, '3Z');
  t.ok(await sqlstateOf(client, `execute "${name}"`));
  t.ok(await sqlstateOf(client, `deallocate "${name}"`));
  t.same(rowsIn(await run(other, 'own')), [['secret']]);
});

t.test('a portal lives as long as its transaction, on the upstream that it was made on', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const [client, other] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  await client.ask('begin');
  await send(client, parse('select generate_series(1, 5)', 'series'), bind({ portal: 'p', statement: 'series' }));
  t.same(rowsIn(await send(client, execute('p', 2))), [['1'], ['2']]);
  await other.ask('select 1');
  t.same(rowsIn(await send(client, execute('p', 2))), [['3'], ['4']]);
  await client.ask('commit');
  t.match(errorIn(await send(client, execute('p', 2))), { C: '34000' });
});

t.test('replies go out as they come, also for a statement that had to be parsed again', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const client = await signIn(t, daemon, server);
  await send(client, parse('select 1', 's'));
  const holder = await signIn(t, daemon, server);
  await holder.ask('begin');
  client.send(bind({ statement: 's' }), flush());
  t.equal((await client.read()).type, '2');
  client.send(execute(), flush());
  t.equal((await client.read()).type, 'D');
  t.equal((await client.read()).type, 'C');
  client.send(sync());
  t.equal((await client.readUntilReady()).types, 'Z');
});

t.test('a client may hold many statements, and not without bound', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  for (let at = 0; at < 20_000; at += 1000) {
    await send(client, ...Array.from({ length: 1000 }, (_, more) => parse('select 1', `s${at + more}`)));
  }
  t.match(errorIn(await send(client, parse('select 1', 'one too many'))), { C: '54000' });
  t.same(rowsIn(await run(client, 's19999')), [['1']], 'those it has it keeps');
  await send(client, close('S', 's0'));
  t.equal((await send(client, parse('select 1', 'one too many'))).types, '1Z');
});

t.test('a statement that fails on the upstream it comes to fails as the client’s own', async (t) => {
  await server.query('create table passing (a int)');
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const client = await signIn(t, daemon, server);
  await send(client, parse('select * from passing', 'passing'));
  const holder = await signIn(t, daemon, server);
  await holder.ask('begin');
  const first = await backendOf(client);
  await server.query('drop table passing');
  const reply = await run(client, 'passing');
  t.equal(reply.types, 'EZ', `${first}`);
  t.match(errorIn(reply), { C: '42P01', M: 'relation "passing" does not exist' });
  t.equal((await client.ask('select 1')).types, 'TDCZ', 'and it goes on');
});

t.test('queries between the messages of a batch run in their order', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  client.send(
    parse("insert into item values (9, 'nine')"),
    bind(),
    execute(),
    query('select count(*) from item'),
    sync(),
  );
  t.same(rowsIn(await client.readUntilReady()), [['3']]);
  await client.readUntilReady();
  await server.query('delete from item where id = 9');
});
