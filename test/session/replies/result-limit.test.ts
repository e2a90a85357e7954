import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ResultMeter, resultLimit } from '../../../src/session/replies/result-limit.js';
import { daemonWith } from '../../support/in-process-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import { RawClient, type Reply } from '../../support/raw-client.js';
import { bind, errorFields, execute, parse, query, sync } from '../../support/raw-messages.js';

const frame = (bodyBytes: number): Buffer => {
  const bytes = Buffer.alloc(5 + bodyBytes, 'x');
  bytes.write('D');
  bytes.writeInt32BE(4 + bodyBytes, 1);
  return bytes;
};

t.test('rows are counted wherever they are cut, but for their headers', async (t) => {
  const bodies = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bodies, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 5, max: 50 }), (sizes, rowsMax, step) => {
      const frames = sizes.map(frame);
      const all = Buffer.concat(frames);
      const meter = new ResultMeter({ rowsMax, bytesMax: 0 });
      const within = Buffer.concat(frames.slice(0, rowsMax)).length;
      let passed = 0;
      for (let at = 0; at < all.length && !meter.isOver; ) {
        // As a FrameReader hands them on: no piece ends within a header.
        let end = Math.min(all.length, at + step);
        let start = 0;
        for (const { length } of frames) {
          if (end > start && end < start + 5) end = Math.min(all.length, start + 5);
          start += length;
        }
        passed += meter.pass(all, at, end) - at;
        at = end;
      }
      t.equal(passed, Math.min(within, all.length));
      t.equal(meter.isOver, sizes.length > rowsMax);
    }),
    { numRuns: 300 },
  );
  const meter = new ResultMeter({ rowsMax: 0, bytesMax: 30 });
  t.equal(meter.pass(Buffer.concat([frame(10), frame(10), frame(10)]), 0, 45), 30);
  t.match(meter.message, /30 bytes/);
});

t.test('of the limits of a database and a policy the smaller one holds', async (t) => {
  const database = { rowsMax: 10, resultBytesMax: 0 } as Parameters<typeof resultLimit>[0];
  const policy = (rowsMax: number) => ({ rowsMax, complexityMax: 0, timeoutMs: 0 });
  t.same(resultLimit(database, policy(0)), { rowsMax: 10, bytesMax: 0 });
  t.same(resultLimit(database, policy(3)), { rowsMax: 3, bytesMax: 0 });
  t.equal(resultLimit({ ...database, rowsMax: 0 }, policy(0)), null);
});

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table kept (n int); create table many as select n from generate_series(1, 20000) n');

async function limited(t: Test, limits: string, policy = ''): Promise<RawClient> {
  const rules = `version: 1\nrules: [{ name: all, tables: [public.*], actions: [select, insert, copy-out, copy-in] }]\n`;
  const policies = policy === '' ? '' : ', policies: [policy.yaml]';
  const daemon = await daemonWith(
    t,
    `users: { ann: { secret: pw } }
tenants: { default: { databases: { postgres: { url: '${server.url}', pool: { size: 2 }, limits: { ${limits} } } }${policies} } }`,
    { 'policy.yaml': `${rules}${policy}` },
  );
  const client = await RawClient.connect({ port: daemon.port }, { user: 'ann', password: 'pw', database: 'postgres' });
  t.teardown(() => client.destroy());
  return client;
}

const states = ({ messages }: Reply) =>
  messages.filter(({ type }) => type === 'E').map(({ body }) => String(errorFields(body).C));
const rows = ({ messages }: Reply) => messages.filter(({ type }) => type === 'D' || type === 'd').length;
const status = ({ messages }: Reply) => messages.at(-1)?.body.toString();

for (const [where, limits, policy] of [
  ['a database', 'rowsMax: 10', ''],
  ['a policy', '', 'limits: { rowsMax: 10 }'],
] as const) {
  t.test(`more rows than ${where} allows are an error, as many as it does are none`, async (t) => {
    const client = await limited(t, limits, policy);
    const full = await client.ask('select n from many limit 10');
    t.same([full.types, rows(full)], [`T${'D'.repeat(10)}CZ`, 10]);
    for (const sql of ['select n from many limit 11', 'select n from many', 'copy many to stdout']) {
      const reply = await client.ask(sql);
      t.same([states(reply), rows(reply), status(reply)], [['54000'], 10, 'I'], sql);
    }
    const after = await client.ask('select 1');
    t.same([after.types, status(after)], ['TDCZ', 'I'], 'the next statement works');
  });

  t.test(`in a transaction it fails with the statement that gives more than ${where} allows`, async (t) => {
    const client = await limited(t, limits, policy);
    await client.ask('begin');
    await client.ask('insert into kept values (1)');
    const reply = await client.ask('select n from many limit 11');
    t.same([states(reply), status(reply)], [['54000'], 'E']);
    t.same(states(await client.ask('select 1')), ['25P02']);
    t.equal((await client.ask('commit')).messages[0]?.body.toString(), 'ROLLBACK\0');
    t.same(await server.query('select count(*)::int as count from kept'), [{ count: 0 }]);
  });

  t.test(`a batch fails with the statement that gives more than ${where} allows`, async (t) => {
    const client = await limited(t, limits, policy);
    const insert = Buffer.concat([parse('insert into kept values (2)'), bind(), execute()]);
    client.send(insert, parse('select n from many limit 11'), bind(), execute(), insert, sync(), query('select 1'));
    const reply = await client.readUntilReady();
    t.same([states(reply), rows(reply), status(reply)], [['54000'], 10, 'I']);
    t.equal((await client.readUntilReady()).types, 'TDCZ', 'what was sent behind it is answered');
    t.same(await server.query('select count(*)::int as count from kept'), [{ count: 0 }]);
  });
}

t.test('a result of more bytes than it may have is an error', async (t) => {
  const client = await limited(t, 'resultBytesMax: 5000');
  const reply = await client.ask("select repeat('x', 1000) from many");
  t.same([states(reply), rows(reply)], [['54000'], 4]);
});

t.test('COPY FROM gives nothing, and takes all that comes', async (t) => {
  const client = await limited(t, 'rowsMax: 2');
  const { types } = await client.ask('select 1');
  t.equal(types, 'TDCZ');
  client.send(query('copy kept from stdin'));
  t.equal((await client.read()).type, 'G');
  const data = Buffer.from('1\n2\n3\n4\n');
  const copied = Buffer.concat([Buffer.from('d'), Buffer.alloc(4), data, Buffer.from('c\0\0\0\x04')]);
  copied.writeInt32BE(4 + data.length, 1);
  client.send(copied);
  t.match((await client.readUntilReady()).messages[0]?.body.toString(), 'COPY 4');
  await server.query('truncate kept');
});

t.test('what a policy finds too complex, or too slow, is refused', async (t) => {
  const client = await limited(t, '', 'limits: { complexityMax: 30, timeoutMs: 300 }');
  const crossed = await client.ask('select 1 from many a, many b, many c');
  t.same(states(crossed), ['54000']);
  t.match(errorFields(crossed.messages[0]?.body as Buffer).M, /its score is \d+, the limit is 30/);
  const slow = await client.ask('select count(*) from many a join many b on a.n <> b.n');
  const timedOut = { C: '57014', M: 'canceling statement due to statement timeout' };
  t.match(errorFields(slow.messages.find(({ type }) => type === 'E')?.body as Buffer), timedOut);
  t.equal((await client.ask('select 1')).types, 'TDCZ');
});

t.test(
  'a cursor of SQL is limited when it is executed as a portal, and what SQL has prepared when it is bound',
  async (t) => {
    const client = await limited(
      t,
      '',
      'limits: { rowsMax: 3 }\nstatements: { allow: [transaction, prepare, cursor] }\n',
    );
    await client.ask('begin; declare c cursor for select n from many');
    client.send(execute('c'), sync());
    const fetched = await client.readUntilReady();
    t.same([states(fetched), rows(fetched)], [['54000'], 3]);
    await client.ask('rollback');
    await client.ask('prepare p as select n from many');
    client.send(bind({ statement: 'p' }), execute(), sync());
    const bound = await client.readUntilReady();
    t.same([states(bound), rows(bound)], [['54000'], 3]);
  },
);
