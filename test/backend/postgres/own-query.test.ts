import t from 'tap';
import { askUpstream, type OwnAnswer, tellUpstream } from '../../../src/backend/postgres/own-query.js';
import { type PostgresUpstream, UpstreamRequest } from '../../../src/backend/postgres/postgres-upstream.js';
import { startPostgres } from '../../support/postgres.js';
import { query } from '../../support/raw-messages.js';
import { Relay } from '../../support/relay.js';
import { until } from '../../support/until.js';
import { upstreamAt } from '../../support/upstream.js';

const server = await startPostgres();
t.teardown(() => server.stop());

const ask = (upstream: PostgresUpstream, sql: string) =>
  new Promise<OwnAnswer>((resolve) => askUpstream(upstream, sql, resolve));

t.test('the answer is the first column of the last row', async (t) => {
  const upstream = await upstreamAt(t, server.url);
  for (const [sql, value] of [
    ["select 'größe', 2", 'größe'],
    ['select generate_series(1, 3)', '3'],
    ['select null', null],
    ['select 1 where false', null],
    ['', null],
    ['begin; select 7; commit', '7'],
    ["select repeat('x', 500000)", 'x'.repeat(500_000)],
  ] as const) {
    t.same(await ask(upstream, sql), { kind: 'value', value }, sql);
  }
  t.ok(upstream.isIdle);
});

t.test('what the server says against it is the answer', async (t) => {
  const upstream = await upstreamAt(t, server.url);
  t.match(await ask(upstream, 'select 1; select 1/0'), { kind: 'refused', error: { sqlstate: '22012' } });
  t.same(await ask(upstream, 'select 1'), { kind: 'value', value: '1' });
});

t.test('a connection that is lost is the answer, once', async (t) => {
  const upstream = await upstreamAt(t, server.url);
  const answer = ask(upstream, 'select pg_sleep(60)');
  await server.query(`select pg_terminate_backend(${upstream.secrets.processId})`);
  t.match(await answer, { kind: 'lost', loss: { lastWords: { sqlstate: '57P01' } } });
});

t.test('a server that does not answer is given up', async (t) => {
  const relay = await Relay.start(t, server);
  const upstream = await upstreamAt(t, relay.reachable.urlFor('postgres'));
  relay.holdAll();
  t.match(await ask(upstream, 'select 1'), { kind: 'lost', loss: { isOurDoing: false, cause: { message: /answer/ } } });
});

t.test('notices and reports of a question of ours are nobody’s; those of what we tell are the client’s', async (t) => {
  const upstream = await upstreamAt(t, server.url);
  const heard: string[] = [];
  const client = {
    onBytes() {},
    onReply() {},
    onTurn() {},
    onSkipped() {},
    onLost() {},
    onAsync: (type: number) => void heard.push(String.fromCharCode(type)),
  };
  upstream.attached = client;
  await ask(upstream, "do $$ begin raise notice 'x'; end $$; set timezone to 'Asia/Tokyo'");
  t.same(heard, []);
  let isDone = false;
  tellUpstream(upstream, "set timezone to 'Asia/Kathmandu'", () => {
    isDone = true;
  });
  await until('it is done', () => isDone);
  t.same(heard, ['S']);
});

t.test('what is told between a client’s requests disturbs none of their replies', async (t) => {
  const upstream = await upstreamAt(t, server.url);
  const heard: string[] = [];
  let rowBytes = 0;
  const client = {
    onBytes: (_buffer: Buffer, start: number, end: number) => {
      rowBytes += end - start;
    },
    onReply: (_request: UpstreamRequest, type: number) => void heard.push(String.fromCharCode(type)),
    onTurn() {},
    onSkipped() {},
    onLost() {},
    onAsync() {},
  };
  const send = () => {
    upstream.send(query('select 1'));
    upstream.expect(new UpstreamRequest(0x51, 'forward', client));
  };
  send();
  tellUpstream(upstream, 'select 1/0', () => {});
  tellUpstream(upstream, 'select generate_series(1, 5)', () => {});
  send();
  await until('all is answered', () => upstream.queue.size === 0);
  t.equal(heard.join(''), 'TCZTCZ');
  t.equal(rowBytes, 24, 'only the client’s rows');
});
