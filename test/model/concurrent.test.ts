import t from 'tap';
import { query } from '../support/raw-messages.js';
import {
  Acknowledged,
  act,
  concurrentProgramOf,
  difference,
  disorder,
  reset,
  saysSo,
  schema,
  stateSql,
} from './concurrent.js';
import { startModel } from './model-daemon.js';
import { runPrograms } from './run-programs.js';
import type { Side, Track } from './tracks.js';

// Programs of many clients at once. Of its own rows each sees what it sees when it does the same alone, over a
// connection of its own; what all of them change must add up. `MODEL_SEED=n` replays one.

const floors = { promoted: 0.05, answered: 50, parsed: 2, rescued: 0.03 };

t.test('clients that do everything at once over shared lanes are as good as alone', async (t) => {
  const daemon = await startModel(t, 'size: 60, rescueMs: 200');

  async function play(seed: number, { direct, proxied }: Track): Promise<void> {
    const program = concurrentProgramOf(seed);
    await Promise.all([direct, proxied].map(({ query }) => query(reset(program.clients.length))));
    const acknowledged = new Acknowledged();
    const witness = await listenOn(proxied);
    const found = await Promise.all(program.clients.map((deeds) => act(deeds, proxied.members, acknowledged)));
    const heard = await witness();
    const wanted = await Promise.all(program.clients.map((deeds) => act(deeds, direct.members, null)));
    for (const [client, deeds] of program.clients.entries()) {
      const wrong = difference(deeds, found[client] ?? [], wanted[client] ?? []);
      t.equal(wrong, null, `seed ${seed}, client ${client}`);
    }
    const [state = {}] = await proxied.query(stateSql);
    t.same(disorder(acknowledged, state, heard), [], `seed ${seed}, what all change`);
    const said = saysSo(program);
    t.same(heard.toSorted(), acknowledged.done.filter((id) => said.has(id)).toSorted(), `seed ${seed}, what was heard`);
  }

  /** Gives a function that tells what was heard until then. */
  async function listenOn({ members }: Side): Promise<() => Promise<string[]>> {
    const member = await members.connect();
    await member.ask('listen everybody');
    return async () => {
      member.client.send(query("notify everybody, 'the end'"));
      await member.until(({ type, body }) => type === 'A' && body.includes('the end'));
      const heard = member.notifications.map((line) => line.split('\0')[1] ?? '');
      await members.take(member);
      return heard.filter((id) => id !== 'the end');
    };
  }

  await runPrograms(t, daemon, schema, floors, play);
});
