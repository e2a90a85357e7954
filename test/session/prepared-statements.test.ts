import t from 'tap';
import { errorIn, rowsIn, rowsOf, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { bind, close, execute, parse, query, sync } from '../support/raw-messages.js';

const server = await startPostgres();
t.teardown(() => server.stop());

const namesOf = 'select name from pg_prepared_statements order by name';

t.test('in session mode the server has the statements under the names of the client', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { mode: 'session' });
  const client = await signIn(t, daemon, server);
  client.send(parse('select 1', 'one'), parse('select 2', 'two'), parse('select 3', 'a "third"'), sync());
  await client.readUntilReady();
  t.same(await rowsOf(client, namesOf), [['a "third"'], ['one'], ['two']]);
  await client.ask("do $$ begin execute 'deallocate one'; end $$");
  client.send(close('S', 'two'), sync());
  await client.readUntilReady();
  t.same(await rowsOf(client, namesOf), [['a "third"']]);
  client.send(bind({ statement: 'a "third"' }), execute(), sync());
  t.same(rowsIn(await client.readUntilReady()), [['3']]);
});

t.test('what one client deallocates is there for another, however it was deallocated', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { mode: 'transaction', pool: 'size: 1' });
  const [one, other] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  for (const client of [one, other]) {
    client.send(parse('select 1', 'mine'), sync());
    await client.readUntilReady();
  }
  const deallocations = [
    query('deallocate mine'),
    query('deallocate all; select 1'),
    query('discard all'),
    query("do $$ begin execute 'deallocate all'; end $$"),
    Buffer.concat([parse('deallocate all'), bind(), execute(), sync()]),
  ];
  for (const deallocation of deallocations) {
    one.send(deallocation);
    await one.readUntilReady();
    one.send(close('S', 'mine'), parse('select 1', 'mine'), bind({ statement: 'mine' }), execute(), sync());
    t.same(rowsIn(await one.readUntilReady()), [['1']]);
    other.send(bind({ statement: 'mine' }), execute(), sync());
    t.same(rowsIn(await other.readUntilReady()), [['1']]);
  }
});

t.test('what can’t be parsed any more is deallocated and executed as at the server, on any upstream', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const converse = async (port: number) => {
    await server.query('create table gone (id int)');
    const client = await signIn(t, { port }, server);
    client.send(parse('select * from gone', 'a'), parse('table gone', 'b'), parse('table gone', 'c'), sync());
    await client.readUntilReady();
    await server.query('drop table gone');
    const other = await signIn(t, { port }, server);
    await other.ask('begin');
    const exchanges = [
      // What is behind a failing one is run.
      [query('execute a'), query('select 1')],
      [query('deallocate a'), query('execute a')],
      [query('begin'), query('deallocate b'), query('rollback')],
      [query('begin'), query('execute b'), query('execute b'), query('rollback'), query('execute b')],
      [Buffer.concat([parse('deallocate c'), bind(), execute(), sync()])],
      [query('select 1')],
    ];
    const heard: string[] = [];
    for (const exchange of exchanges) {
      client.send(...exchange);
      for (const _ of exchange) {
        const reply = await client.readUntilReady();
        heard.push(`${reply.types} ${errorIn(reply)?.C} ${reply.messages.at(-1)?.body}`);
      }
    }
    await client.destroy();
    await other.destroy();
    return heard;
  };
  t.same(await converse(daemon.port), await converse(server.port));
});
