import t from 'tap';
import { answerOf, errorIn, rowsIn, rowsOf, signIn } from '../support/ask.js';
import { startPostgres } from '../support/postgres.js';
import type { RawClient } from '../support/raw-client.js';
import { bind, describe, execute, parse, query, sync } from '../support/raw-messages.js';
import { type SharingDaemon, sharingDaemon } from '../support/sharing.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');
await server.query("insert into item select n, 'item ' || n from generate_series(1, 100) n");

/** Runs a text until a lane answers it. */
async function promote(daemon: SharingDaemon, run: () => Promise<unknown>): Promise<void> {
  const { answered } = daemon.reads();
  await until('the shape is shared', async () => {
    await run();
    return daemon.reads().answered > answered;
  });
}

t.test('a read that was fast and small a few times is shared, and answers as before', async (t) => {
  const daemon = await sharingDaemon(t, server);
  const client = await signIn(t, daemon, server);
  // The first text of all waits for a parser to start.
  await client.ask('select 1');
  const pinned = await client.ask('select * from item where id = 7');
  t.equal(daemon.reads().answered, 0);
  await promote(daemon, () => client.ask('select * from item where id = 8'));
  t.same(await client.ask('select * from item where id = 7'), pinned);
  t.same(await rowsOf(client, 'select * from item where id = 9'), [['9', 'item 9']]);
  t.ok(daemon.reads().answered >= 2);
});

t.test('many clients share few upstreams, each gets its own answers, in order', async (t) => {
  const daemon = await sharingDaemon(t, server, 'size: 8, rescueMs: 2000');
  const clients = await Promise.all(Array.from({ length: 20 }, () => signIn(t, daemon, server)));
  await promote(daemon, () => clients[0]!.ask('select name from item where id = 1'));
  const wrong: string[] = [];
  await Promise.all(
    clients.map(async (client, number) => {
      for (let round = 0; round < 40; round += 1) {
        const id = ((number * 7 + round) % 100) + 1;
        const name = await answerOf(client, `select name from item where id = ${id}`);
        if (name !== `item ${id}`) wrong.push(`${id}: ${name}`);
      }
    }),
  );
  t.same(wrong, []);
  t.ok(daemon.reads().answered > 400, JSON.stringify(daemon.reads()));
  const shared = daemon.pools()[0]?.lanes.find(({ lane }) => lane === 'shared');
  t.ok((shared?.active ?? 0) + (shared?.idle ?? 0) <= 3);
});

t.test('a client that sends everything at once is answered in order, a write between reads too', async (t) => {
  const daemon = await sharingDaemon(t, server);
  const client = await signIn(t, daemon, server);
  await server.query('create table counted (n int)');
  await server.query('insert into counted values (0)');
  await promote(daemon, () => client.ask('select n from counted'));
  const read = query('select n from counted');
  const write = query('update counted set n = n + 1');
  client.send(read, read, write, read, write, write, read);
  const seen: string[] = [];
  for (let at = 0; at < 7; at += 1) {
    const { messages, types } = await client.readUntilReady();
    seen.push(
      types === 'CZ' ? 'written' : String(messages.find(({ type }) => type === 'D')?.body.toString('latin1', 6)),
    );
  }
  t.same(seen, ['0', '0', 'written', '1', 'written', 'written', '3']);
});

const extended = (id: number, name = '') =>
  name === ''
    ? [parse('select name from item where id = $1'), bind({ values: [`${id}`] }), describe('P'), execute(), sync()]
    : [bind({ statement: name, values: [`${id}`] }), describe('P'), execute(), sync()];

for (const kind of ['unnamed', 'named'] as const) {
  t.test(`batches with an ${kind} statement are shared, and answer as pinned ones`, async (t) => {
    const daemon = await sharingDaemon(t, server);
    const client = await signIn(t, daemon, server);
    const other = await signIn(t, daemon, server);
    const name = kind === 'named' ? 'by_id' : '';
    for (const each of [client, other]) {
      if (name === '') continue;
      each.send(parse('select name from item where id = $1', name), sync());
      t.equal((await each.readUntilReady()).types, '1Z');
    }
    client.send(...extended(5, name));
    const pinned = await client.readUntilReady();
    t.equal(pinned.types, name === '' ? '12TDCZ' : '2TDCZ');
    await promote(daemon, async () => {
      client.send(...extended(6, name));
      await client.readUntilReady();
    });
    for (let round = 0; round < 5; round += 1) {
      client.send(...extended(5, name), ...extended(6, name));
      other.send(...extended(5, name));
      t.same(await client.readUntilReady(), pinned);
      t.match(String((await client.readUntilReady()).messages.find(({ type }) => type === 'D')?.body), 'item 6');
      t.same(await other.readUntilReady(), pinned);
    }
    const { answered, parsed, rerun } = daemon.reads();
    t.ok(answered >= 15 && parsed <= 6, JSON.stringify({ answered, parsed }));
    t.equal(rerun, 0);
  });
}

t.test('errors on a lane are ordinary, and touch nobody else', async (t) => {
  const daemon = await sharingDaemon(t, server);
  const [client, other] = [await signIn(t, daemon, server), await signIn(t, daemon, server)];
  await promote(daemon, () => client.ask('select 100 / 7, id from item where id = 1'));
  client.send(query('select 100 / 0, id from item where id = 1'));
  other.send(query('select 100 / 5, id from item where id = 1'));
  const failed = await client.readUntilReady();
  t.match(failed.types, /^T?EZ$/);
  t.match(failed.messages.find(({ type }) => type === 'E')?.body.toString(), 'division by zero');
  t.equal((await other.readUntilReady()).types, 'TDCZ');
  t.equal(await answerOf(client, 'select 100 / 4, id from item where id = 1'), '25');
});

t.test('errors call a statement by the name that its client knows', async (t) => {
  const daemon = await sharingDaemon(t, server);
  const client = await signIn(t, daemon, server);
  const tooMany = async () => {
    client.send(parse('select name from item where id = $1'), bind({ values: ['1', '2'] }), execute(), sync());
    return errorIn(await client.readUntilReady());
  };
  const pinned = await tooMany();
  t.match(pinned, { C: '08P01', M: /prepared statement "" requires 1/ });
  await promote(daemon, async () => {
    client.send(...extended(6));
    await client.readUntilReady();
  });
  for (const time of ['first', 'second', 'third']) t.same(await tooMany(), pinned, time);
});

t.test('a value that a statement can’t do with is told at the place where a plan of its own would tell', async (t) => {
  const daemon = await sharingDaemon(t, server);
  const client = await signIn(t, daemon, server);
  const divide = async (by: number) => {
    client.send(parse('select 10 / $1::int'), bind({ values: [`${by}`] }), describe('P'), execute(), sync());
    return await client.readUntilReady();
  };
  const pinned = await divide(0);
  t.equal(pinned.types, '1EZ');
  await promote(daemon, () => divide(1));
  // Often enough for a plan for all values, which fails when it is executed.
  for (let round = 0; round < 20; round += 1) await divide(round + 1);
  t.same(errorIn(await divide(0)), errorIn(pinned));
  t.equal((await divide(0)).types, '1EZ');
});

t.test('what writes after all is run again pinned, once, and never shared again', async (t) => {
  const daemon = await sharingDaemon(t, server);
  const client = await signIn(t, daemon, server);
  await server.query('create table noted (id int)');
  await server.query(`create function note(n int) returns int language plpgsql as
    $$ begin if n > 0 then insert into noted values (n); end if; return n; end $$`);
  await promote(daemon, () => client.ask('select note(0)'));
  t.equal(await answerOf(client, 'select note(5)'), '5');
  t.same(await server.query('select id from noted'), [{ id: 5 }]);
  t.equal(daemon.reads().rerun, 1);
  const { answered } = daemon.reads();
  for (let round = 0; round < 20; round += 1) await client.ask('select note(0)');
  t.equal(daemon.reads().answered, answered);
});

t.test('clients with different settings never share, and nobody sees that lanes only read', async (t) => {
  const daemon = await sharingDaemon(t, server, 'size: 8, rescueMs: 2000');
  const zones = ['UTC', 'Asia/Tokyo', 'America/New_York'];
  const clients = await Promise.all(zones.map((TimeZone) => signIn(t, daemon, server, { parameters: { TimeZone } })));
  const text = "select '2026-01-01 12:00+00'::timestamptz";
  const direct = await Promise.all(
    zones.map(
      async (zone) =>
        (await server.query(`set timezone to '${zone}'; select '2026-01-01 12:00+00'::timestamptz::text as at`))[0]?.at,
    ),
  );
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all(clients.map((client) => answerOf(client, text)));
    t.same(answers, direct);
  }
  t.ok(daemon.reads().answered > 20);
  await Promise.all(
    clients.map(async (client) => {
      t.equal(
        await answerOf(client, "insert into item values (default, 'x') on conflict do nothing returning 1").catch(
          () => 'refused',
        ),
        'refused',
      );
      t.equal(await answerOf(client, 'show default_transaction_read_only'), 'off');
    }),
  );
});

t.test(
  'a table that changes between two batches is seen as at the server, though its text was parsed before',
  async (t) => {
    const daemon = await sharingDaemon(t, server);
    const client = await signIn(t, daemon, server);
    await server.query('create table shifting as select 1 as a');
    const ask = async () => {
      client.send(parse('select * from shifting'), bind(), describe('P'), execute(), sync());
      return await client.readUntilReady();
    };
    await promote(daemon, ask);
    await server.query('alter table shifting add column b int default 5');
    t.same(rowsIn(await ask()), [['1', '5']]);
    await promote(daemon, ask);
    await server.query('alter table shifting alter column b type text using b * 2');
    t.same(rowsIn(await ask()), [['1', '10']]);
    await promote(daemon, ask);
    await server.query('drop table shifting');
    t.match(errorIn(await ask()), { C: '42P01' });
    await client.ask('create table shifting as select 3 as c');
    t.same(rowsIn(await ask()), [['3']], 'and what the client defines itself at once');
  },
);

t.test('a pool of one upstream takes turns between its lane and who needs it alone', async (t) => {
  await server.query('create table tally (n int)');
  const daemon = await sharingDaemon(t, server, 'size: 1, reserve: 0, rescueMs: 2000');
  const clients = await Promise.all(Array.from({ length: 4 }, () => signIn(t, daemon, server)));
  const [first] = clients as [RawClient];
  await promote(daemon, () => first.ask('select name from item where id = 1'));
  await Promise.all(
    clients.map(async (client, number) => {
      for (let round = 0; round < 15; round += 1) {
        const sql = number % 2 === 0 ? 'select name from item where id = 2' : 'insert into tally values (1)';
        await client.ask(sql);
      }
    }),
  );
  t.same(await server.query('select count(*)::int as n from tally'), [{ n: 30 }]);
});

for (const [ignoreApplicationName, upstreams] of [
  [false, 2],
  [true, 1],
] as const) {
  t.test(
    `clients of two names use ${upstreams} shared upstream(s) with ignoreApplicationName: ${ignoreApplicationName}`,
    async (t) => {
      const daemon = await sharingDaemon(
        t,
        server,
        `size: 8, rescueMs: 2000, ignoreApplicationName: ${ignoreApplicationName}`,
      );
      for (const application_name of ['one', 'two']) {
        const client = await signIn(t, daemon, server, { parameters: { application_name } });
        await promote(daemon, () => client.ask('select name from item where id = 1'));
        t.equal(await answerOf(client, 'show application_name'), application_name);
      }
      const shared = daemon.pools()[0]?.lanes.find(({ lane }) => lane === 'shared');
      t.equal((shared?.active ?? 0) + (shared?.idle ?? 0), upstreams);
    },
  );
}

t.test('a client that leaves in the middle leaves its neighbours their answers', async (t) => {
  const daemon = await sharingDaemon(t, server);
  const clients = await Promise.all(Array.from({ length: 6 }, () => signIn(t, daemon, server)));
  const [first] = clients as [RawClient];
  await promote(daemon, () => first.ask('select name from item where id = 1'));
  for (const client of clients)
    client.send(query('select name from item where id = 3'), query('select name from item where id = 4'));
  await Promise.all(clients.slice(0, 3).map((client) => client.destroy()));
  for (const client of clients.slice(3)) {
    t.same(rowsIn(await client.readUntilReady()), [['item 3']]);
    t.same(rowsIn(await client.readUntilReady()), [['item 4']]);
  }
});
