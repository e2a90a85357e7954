import t from 'tap';
import { type Channels, Lockstep, type Transcript } from './lockstep.js';
import { startModel } from './model-daemon.js';
import { programOf, reset, schema } from './program.js';
import { runPrograms } from './run-programs.js';
import type { Side, Track } from './tracks.js';

// Programs of many clients, one step after the other, over a connection each and over the proxy: every client must see
// what it would have seen. `MODEL_SEED=n` replays one.

const floors = { promoted: 0.1, answered: 150, parsed: 2, rescued: 0.2 };

t.test('every client sees over shared lanes what it would see over a connection of its own', async (t) => {
  const daemon = await startModel(t, 'size: 60, rescueMs: 200');

  async function play(seed: number, { direct, proxied }: Track): Promise<void> {
    const wanted = await playOn(direct, seed, null);
    const found = await playOn(proxied, seed, wanted.channels);
    compare(seed, found.transcript, wanted.transcript);
  }

  async function playOn({ members, query }: Side, seed: number, known: Channels | null) {
    const program = programOf(seed);
    await query(reset(program.clients));
    const clients = new Lockstep(program, members);
    try {
      const steps = await clients.run();
      const channels = known ?? (await clients.channels());
      const transcript: Transcript = { steps, notifications: await clients.notifications(channels) };
      return { transcript, channels };
    } finally {
      await clients.leave();
    }
  }

  function compare(seed: number, found: Transcript, wanted: Transcript): void {
    const { steps } = programOf(seed);
    const at = found.steps.findIndex((lines, at) => lines.join('\n') !== wanted.steps[at]?.join('\n'));
    const step = steps[at];
    // What its clients did before, which is what it takes to understand.
    const clients = step === undefined ? [] : [step.first, ...step.others].map(({ client }) => client);
    const history = steps
      .slice(0, at + 1)
      .flatMap(({ first, others, end }) => [first, ...others, ...(end === null ? [] : [end])])
      .filter(({ client }) => clients.includes(client))
      .map(({ client, what }) => `${client}: ${what}`);
    t.same(found.steps[at], wanted.steps[at], `seed ${seed}, step ${at}: ${history.join('; ')}`);
    t.same(found.notifications, wanted.notifications, `seed ${seed}, notifications`);
  }

  await runPrograms(t, daemon, schema, floors, play);
});
