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

t.test('who looks at pg_prepared_statements finds what it has prepared, as at the server', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { mode: 'auto', pool: 'size: 2' });
  const look = `select name, statement, parameter_types, from_sql from pg_prepared_statements order by name`;
  const converse = async (port: number) => {
    const [others, client] = [await signIn(t, { port }, server), await signIn(t, { port }, server)];
    others.send(parse("select 'of another'", 'another'), sync());
    await others.readUntilReady();
    const exchanges: Buffer[][] = [
      [query(look)],
      [parse('select $1::int', 'a "first"'), parse('select 2', 'second'), parse('deallocate second', 'third'), sync()],
      [query(look)],
      [
        query('begin'),
        parse('select 3', 'fourth'),
        parse(look, 'look'),
        bind({ statement: 'look' }),
        execute(),
        sync(),
      ],
      [query('rollback')],
      // All that is assumed when a batch is sent is taken back when it fails.
      [parse('select 4', 'fifth'), parse('selekt'), parse('table pg_prepared_statements', 'sixth'), sync()],
      [bind({ statement: 'third' }), execute(), close('S', 'fourth'), bind({ statement: 'look' }), execute(), sync()],
      [query('deallocate "a ""first"""'), query('prepare second as select 5')],
      [bind({ statement: 'look' }), execute(), sync()],
      [query('execute second'), query('discard all'), query(look)],
    ];
    const heard: unknown[] = [];
    for (const exchange of exchanges) {
      client.send(...exchange);
      for (const sent of exchange) {
        if (sent[0] !== 0x51 && sent[0] !== 0x53) continue;
        const reply = await client.readUntilReady();
        heard.push([reply.types, rowsIn(reply), errorIn(reply)?.M]);
      }
    }
    await client.destroy();
    // Nothing of it is left to the next one.
    const next = await signIn(t, { port }, server);
    heard.push(await rowsOf(next, look));
    await next.destroy();
    await others.destroy();
    return heard;
  };
  t.same(await converse(daemon.port), await converse(server.port));
});

t.test('a look at pg_prepared_statements fails in a failed transaction, and what is behind it is run', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const converse = async (port: number) => {
    const client = await signIn(t, { port }, server);
    client.send(parse('select 1', 'one'), parse('select 2', 'two'), sync());
    await client.readUntilReady();
    const look = query('select name from pg_prepared_statements order by name');
    const exchange = [query('begin'), query('select 1/0'), look, look, query('rollback'), look];
    client.send(...exchange);
    const heard: unknown[] = [];
    for (const _ of exchange) {
      const reply = await client.readUntilReady();
      heard.push([reply.types, rowsIn(reply), errorIn(reply)?.M]);
    }
    return heard;
  };
  t.same(await converse(daemon.port), await converse(server.port));
});
