import t, { type Test } from 'tap';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { bind, copyData, copyDone, execute, flush, parse, query, rowValues, sync } from '../support/raw-messages.js';

// A copy fails while its client is within a message: half of it is at the upstream, which takes whatever comes next for
// the other half.

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table number (n int)');
const account = { user: server.superuser, password: server.password, database: 'postgres' };

async function connected(t: Test, port: number): Promise<RawClient> {
  const client = await RawClient.connect({ port }, account);
  t.teardown(() => client.destroy());
  return client;
}

const message = copyData(`${'7\n'.repeat(100)}`);
const [half, otherHalf] = [message.subarray(0, 90), message.subarray(90)];

interface Copy {
  /** Sent as one, up to the middle of the message. */
  readonly begins: readonly Buffer[];
  /** What comes before `begins`, and is answered up to there. */
  readonly opens?: { readonly with: readonly Buffer[]; readonly until: string };
  /** The last reply before the rest of the message is sent. */
  readonly failsWith: 'Z' | 'E';
  readonly ends: readonly Buffer[];
}

const inBatch = [parse('copy number from stdin'), bind(), execute(), flush()];
const copies: Readonly<Record<string, Copy>> = {
  'at a row': {
    opens: { with: [query('copy number from stdin')], until: 'G' },
    begins: [copyData('none\n'), half],
    failsWith: 'Z',
    ends: [otherHalf, copyDone()],
  },
  'before it is known to be one': {
    begins: [query('copy nowhere from stdin'), message, half],
    failsWith: 'Z',
    ends: [otherHalf, message, copyDone()],
  },
  'within a batch': {
    opens: { with: inBatch, until: 'G' },
    begins: [copyData('none\n'), half],
    failsWith: 'E',
    ends: [otherHalf, copyDone(), sync()],
  },
  'behind a Sync that came before any data': {
    opens: { with: inBatch, until: 'G' },
    begins: [sync(), copyData('none\n'), half],
    failsWith: 'E',
    ends: [otherHalf, copyDone(), sync()],
  },
  'behind a Sync': {
    opens: { with: inBatch, until: 'G' },
    begins: [copyData('none\n'), sync(), half],
    failsWith: 'E',
    ends: [otherHalf],
  },
};

/** Types of the replies to all of it, and to a query behind it. */
async function run(client: RawClient, copy: Copy, meanwhile: () => Promise<void>): Promise<string> {
  const { opens, begins, failsWith, ends } = copy;
  if (opens !== undefined) {
    client.send(...opens.with);
    await client.readUntil(opens.until);
  }
  client.send(Buffer.concat(begins));
  const failed = await client.readUntil(failsWith);
  await meanwhile();
  client.send(...ends);
  const rest = failsWith === 'Z' ? '' : (await client.readUntilReady()).types;
  return [failed.types, rest, (await client.ask('select 1')).types].join(' ');
}

for (const mode of ['auto', 'transaction', 'session'] as const) {
  for (const [name, copy] of Object.entries(copies)) {
    t.test(`a copy that fails ${name}, pool mode ${mode}: nobody else's message is cut`, async (t) => {
      const size = mode === 'session' ? 2 : 1;
      const daemon = await daemonInFrontOf(t, server, { mode, pool: `size: ${size}` });
      const [client, other] = [await connected(t, daemon.port), await connected(t, daemon.port)];
      const direct = await connected(t, server.port);
      const told = await run(client, copy, async () => {
        other.send(query('insert into number values (5) returning n'));
        if (size === 1) await daemon.untilWaiting(1);
      });
      t.equal(told, await run(direct, copy, async () => {}));
      const { messages } = await other.readUntilReady();
      t.same(
        messages.filter(({ type }) => type === 'D').map(({ body }) => rowValues(body)),
        [['5']],
      );
    });
  }
}

t.test('a client that goes within a message takes its upstream along', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const [client, other] = [await connected(t, daemon.port), await connected(t, daemon.port)];
  client.send(Buffer.concat([query('copy nowhere from stdin'), half]));
  await client.readUntilReady();
  other.send(query('insert into number values (6) returning n'));
  await daemon.untilWaiting(1);
  await client.destroy();
  t.match((await other.readUntilReady()).types, /^TDCZ$/);
});
