import t, { type Test } from 'tap';
import {
  type PostgresUpstream,
  type ReplyOwner,
  type UpstreamLoss,
  UpstreamRequest,
} from '../../../src/backend/postgres/postgres-upstream.js';
import { startPostgres } from '../../support/postgres.js';
import { bind, cstring, execute, flush, int32, message, parse, query, sync } from '../../support/raw-messages.js';
import { Relay } from '../../support/relay.js';
import { until } from '../../support/until.js';
import { upstreamAt } from '../../support/upstream.js';

const server = await startPostgres();
t.teardown(() => server.stop());
const relay = await Relay.start(t, server);
const url = relay.reachable.urlFor('postgres');

/** Writes down what it is told, a word each. */
class Listener implements ReplyOwner {
  readonly heard: string[] = [];
  losses: UpstreamLoss[] = [];
  lostRequests: readonly UpstreamRequest[] = [];
  bytes = 0;

  onBytes(_buffer: Buffer, start: number, end: number): void {
    this.bytes += end - start;
  }

  onReply(request: UpstreamRequest, type: number): void {
    this.heard.push(`${letter(request.request)}${letter(type)}`);
  }

  onAsync(type: number): void {
    this.heard.push(`async ${letter(type)}`);
  }

  onTurn(request: UpstreamRequest): void {
    this.heard.push(`turn ${letter(request.request)}`);
  }

  onSkipped(request: UpstreamRequest): void {
    this.heard.push(`skipped ${letter(request.request)}`);
  }

  onLost(loss: UpstreamLoss, _upstream: PostgresUpstream, unanswered: readonly UpstreamRequest[]): void {
    this.losses.push(loss);
    this.lostRequests = unanswered;
    this.heard.push('lost');
  }
}

const letter = (type: number) => String.fromCharCode(type);
const code = (type: string) => type.charCodeAt(0);

async function connected(t: Test) {
  const upstream = await upstreamAt(t, url);
  const owner = new Listener();
  const expect = (
    requests: string,
    disposition: UpstreamRequest['disposition'] = 'forward',
    by: ReplyOwner = owner,
  ) => {
    for (const request of requests) upstream.expect(new UpstreamRequest(code(request), disposition, by));
  };
  const heard = (last: string) => until(`${last} is heard`, () => owner.heard.at(-1) === last);
  return { upstream, owner, expect, heard };
}

t.test('replies go to the requests that they answer, rows as bytes', async (t) => {
  const { upstream, owner, expect, heard } = await connected(t);
  upstream.send(query('select 1; select 2'));
  expect('Q');
  upstream.send(Buffer.concat([parse('select 3'), bind(), execute(), sync()]));
  expect('PBES');
  await heard('SZ');
  t.same(owner.heard, ['QT', 'QC', 'QT', 'QC', 'QZ', 'P1', 'B2', 'EC', 'SZ']);
  t.equal(owner.bytes, 3 * 12, 'three rows');
  t.ok(upstream.isIdle);
});

t.test('after an error the rest of the batch is skipped, also what is sent later', async (t) => {
  const { upstream, owner, expect, heard } = await connected(t);
  upstream.send(Buffer.concat([parse('selekt'), bind(), flush()]));
  expect('PB');
  await heard('PE');
  t.notOk(upstream.isIdle, 'it waits for a Sync');
  upstream.send(execute());
  expect('E');
  upstream.send(sync());
  expect('S');
  await heard('SZ');
  t.same(owner.heard, ['skipped B', 'PE', 'skipped E', 'SZ']);
});

t.test('a reply of our own comes in its turn', async (t) => {
  const { upstream, owner, expect, heard } = await connected(t);
  upstream.send(Buffer.concat([parse('select 1'), bind()]));
  expect('PB');
  expect('C', 'synthesise');
  upstream.send(Buffer.concat([execute(), sync()]));
  expect('ES');
  await heard('SZ');
  t.same(owner.heard, ['P1', 'B2', 'turn C', 'EC', 'SZ']);
  expect('C', 'synthesise');
  t.equal(owner.heard.at(-1), 'turn C', 'at once where nothing is before it');
});

t.test('rows of a swallowed request go nowhere', async (t) => {
  const { upstream, owner, expect, heard } = await connected(t);
  upstream.send(query('select generate_series(1, 100)'));
  expect('Q', 'swallow');
  await heard('QZ');
  t.equal(owner.bytes, 0);
});

t.test('what comes unasked goes to whose request is answered, or to who has the upstream', async (t) => {
  const { upstream, owner, expect, heard } = await connected(t);
  const attached = new Listener();
  upstream.attached = attached;
  upstream.send(query("do $$ begin raise notice 'x'; end $$; listen news; set timezone to 'Asia/Tokyo'"));
  expect('Q');
  await heard('QZ');
  t.match(owner.heard, ['async N', 'QC', 'QC', 'QC', 'async S', 'QZ']);
  t.equal(upstream.parameters.get('TimeZone'), 'Asia/Tokyo');
  t.same([...upstream.changedParameters], [['TimeZone', 'UTC']]);
  upstream.send(query('reset timezone'));
  expect('Q');
  await until('it is reset', () => owner.heard.length === 9);
  t.equal(upstream.changedParameters.size, 0, 'what is as it was has not changed');
  await server.query('notify news');
  await until('it is told', () => attached.heard.includes('async A'));
  upstream.attached = null;
  await server.query('notify news');
});

t.test('the status is that of the last ReadyForQuery', async (t) => {
  const { upstream, expect, heard } = await connected(t);
  for (const [sql, status] of [
    ['begin', 'T'],
    ['select 1/0', 'E'],
    ['rollback', 'I'],
  ] as const) {
    upstream.send(query(sql));
    expect('Q');
    await until('it is answered', () => upstream.queue.size === 0);
    t.equal(letter(upstream.status), status);
    t.equal(upstream.isIdle, status === 'I');
  }
  await heard('QZ');
});

t.test('a message that nothing asked for ends the connection', async (t) => {
  const { upstream, owner } = await connected(t);
  upstream.attached = owner;
  // The server answers; nobody has announced the request.
  upstream.send(query('select 1'));
  await until('it is lost', () => upstream.isLost);
  t.match(owner.losses, [{ isOurDoing: false, cause: { message: /nothing asked for/ } }]);
});

t.test('each owner is told once of a loss, with what of it was not answered', async (t) => {
  const { upstream, owner, expect } = await connected(t);
  const other = new Listener();
  const closed: UpstreamLoss[] = [];
  upstream.onClosed = (loss) => closed.push(loss);
  upstream.attached = other;
  upstream.send(Buffer.concat([query('select pg_sleep(60)'), query('select 1')]));
  expect('Q');
  expect('Q', 'forward', other);
  await server.query(`select pg_terminate_backend(${upstream.secrets.processId})`);
  await until('it is lost', () => upstream.isLost);
  t.match(owner.losses, [{ lastWords: { sqlstate: '57P01' }, isMidMessage: false, isOurDoing: false }]);
  t.equal(other.losses.length, 1);
  t.same([owner.lostRequests.length, other.lostRequests.length], [1, 1]);
  t.equal(closed.length, 1);
  upstream.destroy();
  upstream.close();
  t.equal(closed.length, 1, 'and never again');
});

t.test('a loss within a message says so, and one between two does not', async (t) => {
  const { upstream, owner, expect } = await connected(t);
  upstream.send(query("select repeat('x', 10000000)"));
  expect('Q');
  relay.onReply = (_chunk, link) => {
    if (owner.bytes > 1_000_000) link.cut();
  };
  await until('it is lost', () => upstream.isLost);
  relay.onReply = () => {};
  t.match(owner.losses, [{ isMidMessage: true, lastWords: null, isOurDoing: false }]);

  const second = await connected(t);
  second.upstream.send(query('select 1; select pg_sleep(60)'));
  second.expect('Q');
  await server.query(`select pg_terminate_backend(${second.upstream.secrets.processId})`);
  await until('it is lost', () => second.upstream.isLost);
  t.match(second.owner.losses, [{ isMidMessage: false }]);
});

t.test('what we close is our doing, and is carried out by the server before', async (t) => {
  await server.query('create table done (a int)');
  const { upstream, owner, expect } = await connected(t);
  upstream.send(query('insert into done values (1)'));
  expect('Q');
  upstream.close();
  t.match(owner.losses, [{ isOurDoing: true }]);
  await until('it is carried out', async () => (await server.query('select from done')).length === 1);
});

t.test('a server that is given up counts as lost by the reason given', async (t) => {
  const { upstream } = await connected(t);
  const closed: UpstreamLoss[] = [];
  upstream.onClosed = (loss) => closed.push(loss);
  upstream.giveUp(new Error('silent'));
  t.match(closed, [{ isOurDoing: false, cause: { message: 'silent' } }]);
});

t.test('pausing stops the server, and resuming starts it again', async (t) => {
  const { upstream, owner, expect, heard } = await connected(t);
  upstream.send(query("select repeat('x', 1000) from generate_series(1, 100000)"));
  expect('Q');
  await until('rows come', () => owner.bytes > 0);
  upstream.pause();
  t.ok(upstream.isPaused);
  await until('the server waits', async () => {
    const waiting = `select from pg_stat_activity where pid = ${upstream.secrets.processId} and wait_event = 'ClientWrite'`;
    return (await server.query(waiting)).length > 0;
  });
  t.ok(owner.bytes < 50_000_000);
  upstream.resume();
  await heard('QZ');
  t.ok(owner.bytes > 100_000_000);
});

t.test('of a huge error only the reply is heard', async (t) => {
  const { upstream, owner, expect, heard } = await connected(t);
  upstream.send(query("do $$ begin raise exception '%', repeat('x', 3000000); end $$"));
  expect('Q');
  await heard('QZ');
  t.same(owner.heard, ['QE', 'QZ']);
  t.equal(owner.bytes, 0);
});

t.test('bytes are counted, both ways', async (t) => {
  const { upstream, expect, heard } = await connected(t);
  const before = upstream.writer.bytesWritten;
  const sent = query('select 1');
  upstream.send(sent);
  expect('Q');
  await heard('QZ');
  t.equal(upstream.writer.bytesWritten - before, sent.length);
});

for (const [name, said] of Object.entries({
  'an unknown type': message('y'),
  'a length below four': Buffer.from([0x43, 0, 0, 0, 3]),
  'a length over a gigabyte': Buffer.from([0x43, 0x7f, 0xff, 0xff, 0xff]),
  'a frontend’s message': query('select 1'),
  'a second ReadyForQuery': message('Z', Buffer.from('I')),
  'a ParameterStatus that is cut': message('S', cstring('a')),
  'an error without an end': message('E', Buffer.from('SFATAL')),
  'a copy nobody began': message('W', int32(0)),
})) {
  t.test(`${name} from a server ends the connection and nothing else`, async (t) => {
    const { upstream, owner, expect } = await connected(t);
    upstream.attached = owner;
    const reply = await injected(() => {
      upstream.send(query('select 1'));
      expect('Q');
    }, said);
    t.ok(reply);
    await until('it is lost', () => upstream.isLost);
    t.equal(owner.losses.length, 1);
    t.equal(owner.losses[0]?.isOurDoing, false);
  });
}

/** Runs `ask`, and has these bytes come behind the server's answer. */
function injected(ask: () => void, said: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    relay.onReply = (_chunk, link) => {
      relay.onReply = () => {};
      setImmediate(() => {
        link.say(said);
        resolve(true);
      });
    };
    ask();
  });
}
