import t, { type Test } from 'tap';
import { describeReplies } from '../../differential/sequence.js';
import { daemonInFrontOf } from '../../support/in-process-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import { RawClient, type Reply } from '../../support/raw-client.js';
import { bind, execute, parse, query, sync } from '../../support/raw-messages.js';

// RESET of what a client has given at its start-up: it is told of the change by the same reports, at the same places, as
// by a server that it has to itself.

const server = await startPostgres();
t.teardown(() => server.stop());

const parameters = {
  TimeZone: 'Asia/Tokyo',
  datestyle: 'SQL, DMY',
  application_name: 'first',
  options: '-c work_mem=7MB -c search_path=one',
};

async function connected(t: Test, port: number): Promise<RawClient> {
  const { superuser: user, password } = server;
  const client = await RawClient.connect({ port }, { user, password, database: 'postgres', parameters });
  t.teardown(() => client.destroy());
  return client;
}

const changed = "set timezone to 'Asia/Kathmandu'; set datestyle to 'ISO'; set work_mem to '9MB'";
const shown = "select current_setting('work_mem'), current_setting('search_path'), now()::date = '1/2/2000'";
const batch = (...texts: string[]) => [...texts.flatMap((text) => [parse(text), bind(), execute()]), sync()];

/** What is sent in one go, one after another. */
const conversations: Readonly<Record<string, readonly (readonly Buffer[])[]>> = {
  'what was changed': [[query(changed)], [query('reset timezone')], [query('reset all')], [query(shown)]],
  'what was not changed': [[query('reset timezone')], [query('reset all')], [query('discard all')], [query(shown)]],
  'DISCARD ALL': [[query(changed)], [query('discard all')], [query(shown)]],
  'SET TO DEFAULT': [[query(changed)], [query('set timezone to default; set datestyle to default')], [query(shown)]],
  'set again at once': [[query(changed)], [query("reset timezone; set timezone to 'Asia/Tokyo'")], [query(shown)]],
  'what comes behind it in one go': [[query(changed)], [query('reset all'), query(shown), query(shown)]],
  'what comes before it in one go': [
    [query(changed)],
    [query(shown), ...batch(shown), query('reset all'), query(shown)],
  ],
  'a batch': [[query(changed)], batch('reset all'), batch(shown)],
  'a batch behind a batch': [[query(changed)], [...batch('reset all'), ...batch(shown)]],
  'a batch that fails': [[query(changed)], batch('reset all', 'select 1 / 0'), batch(shown)],
  'a text that fails': [[query(changed)], [query('reset all; select 1 / 0')], [query(shown)]],
  'a transaction': [[query(changed)], [query('begin')], [query('reset all')], [query(shown)], [query('commit')]],
  'a transaction that is taken back': [
    ...[[query(changed)], [query('begin')], [query('reset timezone')], [query('rollback')]],
    ...[[query(shown)], [query('reset timezone')]],
  ],
  'a transaction that fails behind it': [
    ...[[query(changed)], [query('begin; reset timezone')], [query('selec')], [query('reset all')]],
    ...[[query('rollback')], [query(shown)], [query('reset all')], [query(shown)]],
  ],
  'the name of an application': [[query('set application_name to second')], [query('reset all')], [query(shown)]],
};

for (const mode of ['auto', 'transaction', 'session'] as const) {
  t.test(`what is reset is answered and reported as by the server, pool mode ${mode}`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { mode, pool: 'size: 2' });
    for (const [name, sent] of Object.entries(conversations)) {
      const answers: string[][] = [];
      for (const port of [server.port, daemon.port]) {
        const client = await connected(t, port);
        const replies: Reply[] = [];
        for (const frames of sent) {
          client.send(...frames);
          const ends = frames.filter((frame) => 'QS'.includes(String.fromCharCode(frame[0] as number)));
          for (const _ of ends) replies.push(await client.readUntilReady());
        }
        answers.push(replies.flatMap(({ messages }) => describeReplies(messages)));
        await client.destroy();
      }
      t.same(answers[1], answers[0], name);
    }
  });
}
