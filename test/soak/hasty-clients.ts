import { answerOf, errorIn, rowsOf } from '../support/ask.js';
import type { Random } from '../support/random.js';
import { RawClient } from '../support/raw-client.js';
import { type Greeting, RawError } from '../support/raw-login.js';
import {
  bind,
  cancelRequest,
  copyData,
  execute,
  flush,
  parse,
  query,
  startupMessage,
} from '../support/raw-messages.js';
import { overRaw, readTo, type Shift, sleep, work } from './shift.js';
import type { Entries } from './writers.js';

const canceled = '57014';
const cancelEveryMs = 20;

/** Cancels what it asked for, be it a read on a lane or something long; what it asks next is not to be hit. */
export async function cancel(shift: Shift, random: Random): Promise<void> {
  await work(shift, 'cancel', random, () =>
    overRaw(shift, async (client, greeting) => {
      for (let times = 0; times < 10; times += 1) {
        const isLong = random.below(3) === 0;
        client.send(query(isLong ? 'select pg_sleep(20)' : 'select sum(balance)::int as total from account'));
        let isAnswered = false;
        const answered = client.readUntilReady().finally(() => {
          isAnswered = true;
        });
        answered.catch(() => {});
        do {
          await sendCancel(shift, greeting);
          await Promise.race([answered.catch(() => {}), sleep(cancelEveryMs)]);
        } while (isLong && !isAnswered);
        const reply = await answered;
        const error = reply.messages.find(({ type }) => type === 'E');
        if (error !== undefined && errorIn(reply)?.C !== canceled) throw new RawError(error.body);
        if (isLong && error === undefined) shift.report.blame('a statement of 20 seconds was not cancelled');
        await answerOf(client, 'select sum(balance)::int as total from account');
      }
    }),
  );
}

async function sendCancel({ connection }: Shift, { processId, secretKey }: Greeting): Promise<void> {
  const client = await RawClient.connect(connection);
  client.send(cancelRequest(processId, secretKey));
  await client.readUntilClosed();
  await client.destroy();
}

/** How far clients get before they are gone. What they wrote under `never` isn't there afterwards. */
const phases: readonly ((client: RawClient, ids: { never: string; perhaps: string }) => Promise<unknown>)[] = [
  (client) => rowsOf(client, 'select 1'),
  async (client) => client.send(query('select sum(balance)::int as total from account')),
  (client, { never }) => rowsOf(client, `begin; insert into entry values ('${never}')`),
  async (client, { never }) => {
    await rowsOf(client, `begin; insert into entry values ('${never}')`);
    client.send(query('select pg_sleep(0.1)'));
  },
  async (client, { perhaps }) => client.send(query(`insert into entry values ('${perhaps}')`)),
  async (client, { never }) => {
    client.send(parse(`insert into entry values ('${never}')`), bind(), execute(), flush());
    await readTo(client, 'C');
  },
  async (client, { never }) => {
    client.send(query('copy entry from stdin'));
    await readTo(client, 'G');
    client.send(copyData(`${never}\n`));
  },
  async (client) => {
    client.send(query("select repeat('x', 1000) from generate_series(1, 20000)"));
    await readTo(client, 'D');
    client.socket.pause();
  },
];

/** Begins something, and vanishes; now and then while it signs in. */
export async function vanish(shift: Shift, entries: Entries, random: Random): Promise<void> {
  let count = 0;
  await work(shift, 'vanishing', random, async () => {
    if (random.below(phases.length + 1) === 0) return vanishSigningIn(shift);
    await overRaw(shift, async (client) => {
      count += 1;
      const ids = { never: `never ${count}`, perhaps: `perhaps ${count}` };
      entries.attempted.push(ids.perhaps);
      await random.pick(phases)(client, ids);
    });
  });
}

async function vanishSigningIn({ connection }: Shift): Promise<void> {
  const { user, database = '' } = connection;
  const client = await RawClient.connect(connection);
  client.send(startupMessage({ user, database }));
  await readTo(client, 'R');
  await client.destroy();
}
