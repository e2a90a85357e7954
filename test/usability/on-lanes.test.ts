import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type Reply } from '../support/raw-client.js';
import { readStatements } from '../support/statement-lists.js';
import { until } from '../support/until.js';

// What is asked often goes over shared lanes, and Queries with their literals as parameters. The answer stays the same.

const server = await startPostgres();
t.teardown(() => server.stop());
const file = (name: string) => new URL(`./${name}`, import.meta.url).pathname;
await server.query(readFileSync(file('database.sql'), 'utf8'));

const lists =
  'hand prisma typeorm django sqlalchemy hibernate activerecord metabase superset tableau dbeaver powerbi analyst';
const texts = lists
  .split(' ')
  .flatMap((list) => readStatements(file(`statements/${list}.sql`)))
  .flatMap(({ text, params }) => (params.length === 0 ? [text] : []));

/** The first is run pinned, since nothing is known of its shape, and the last on a lane where that may be. */
const timesEach = 8;

/** Rows in any order: where the statement doesn't say, a lane's upstream may take another way through a table. */
function shown({ messages }: Reply): unknown {
  const line = ({ type, body }: Reply['messages'][number]) => `${type} ${body.toString('latin1')}`;
  return {
    rows: messages
      .filter(({ type }) => type === 'D')
      .map(line)
      .sort(),
    rest: messages.filter(({ type }) => type !== 'D').map(line),
  };
}

for (const policies of ['', 'policies: [analyst.yaml],']) {
  t.test(`answers on lanes ${policies === '' ? 'without' : 'under'} a policy`, async (t) => {
    const daemon = await daemonWith(
      t,
      `auth: { rules: [{ method: trust }] }
users: { ann: { attributes: { regions: [EU, US] } } }
tenants: { default: { ${policies} databases: { '*': { url: '${server.urlFor('*')}', pool: { size: 4, rescueMs: 5000 } } } } }`,
      { 'analyst.yaml': readFileSync(file('analyst.yaml'), 'utf8') },
    );
    const client = await RawClient.connect(daemon, { user: 'ann', password: '', database: 'postgres' });
    t.teardown(() => client.destroy());
    const reads = () => daemon.pools()[0]?.sharedReads ?? { answered: 0, parsed: 0 };
    await until('lanes are in use', async () => {
      await client.ask('select count(*) from products where id = 1');
      return reads().parsed > 0;
    });
    const { answered, parsed } = { ...reads() };
    for (const text of texts) {
      const first = shown(await client.ask(text));
      // Without a policy it is looked at beside.
      if (policies === '') await delay(15);
      if (JSON.stringify(first) !== JSON.stringify(shown(await client.ask(text)))) continue;
      for (let time = 2; time < timesEach; time += 1) t.same(shown(await client.ask(text)), first, text);
    }
    t.comment(
      `${texts.length} texts, ${reads().answered - answered} reads on lanes, ${reads().parsed - parsed} texts prepared there`,
    );
    t.ok(reads().parsed - parsed > 100, 'many are prepared');
  });
}
