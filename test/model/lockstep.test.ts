import t from 'tap';
import { type Channels, Lockstep, type Transcript } from './lockstep.js';
import { searchPath, startModel } from './model-daemon.js';
import { programOf, reset, schema } from './program.js';
import { floors, programsToRun } from './settings.js';

// Programs of many clients, one step after the other, over a connection each and over the proxy: every client must see
// what it would have seen. `MODEL_SEED=n` replays one.

/** Programs that are run at once, each in two databases of its own: a step is mostly waiting for an answer. */
const tracks = 4;

t.test('every client sees over shared lanes what it would see over a connection of its own', async (t) => {
  const daemon = await startModel(t, 'size: 60');
  const { server } = daemon;
  await server.query('create database model');
  await server.query(schema, 'model');
  const sides = { direct: server.port, proxied: daemon.port };
  for (let track = 0; track < tracks; track++)
    for (const side of Object.keys(sides)) await server.query(`create database ${side}_${track} template model`);

  async function play(seed: number, track: number): Promise<void> {
    const program = programOf(seed);
    let expected: { transcript: Transcript; channels: Channels } | null = null;
    for (const [side, port] of Object.entries(sides)) {
      const database = `${side}_${track}`;
      await server.query(reset(program.clients), database);
      const account = { user: server.superuser, database, parameters: { search_path: searchPath } };
      const clients = new Lockstep(program, { port }, account);
      try {
        const steps = await clients.run();
        const channels: Channels = expected?.channels ?? (await clients.channels());
        const transcript = { steps, notifications: await clients.notifications(channels) };
        if (expected === null) expected = { transcript, channels };
        else compare(seed, transcript, expected.transcript);
      } finally {
        await clients.leave();
      }
    }
  }

  function compare(seed: number, found: Transcript, wanted: Transcript): void {
    const first = found.steps.findIndex((lines, at) => lines.join('\n') !== wanted.steps[at]?.join('\n'));
    const { steps } = programOf(seed);
    // What the client did before, which is what it takes to understand.
    const history = steps.slice(0, first + 1).filter(({ client }) => client === steps[first]?.client);
    const what = history.map((step) => step.what).join('; ');
    t.same(
      found.steps[first],
      wanted.steps[first],
      `seed ${seed}, step ${first} of client ${steps[first]?.client}: ${what}`,
    );
    t.same(found.notifications, wanted.notifications, `seed ${seed}, notifications`);
  }

  const { first, programs, milliseconds } = programsToRun(200, 120);
  t.comment(`MODEL_SEED=${first} and on`);
  const endsAt = performance.now() + milliseconds;
  let played = 0;
  const run = async (track: number) => {
    while (played < programs && performance.now() < endsAt && t.passing()) {
      const seed = first + played++;
      await play(seed, track).catch((error: Error) => t.fail(`seed ${seed}: ${error.message}`));
    }
  };
  await Promise.all(Array.from({ length: tracks }, (_, track) => run(track)));

  const { answered, parsed } = daemon.reads();
  t.comment(`${played} programs, ${answered} exchanges shared, ${parsed} statements parsed on lanes`);
  t.ok(programs === 1 || answered >= floors.answered * played, 'lanes took part');
  t.ok(programs === 1 || parsed >= floors.parsed * played, 'and prepared statements did');
});
