import pg from 'pg';
import t, { type Test } from 'tap';
import { kinds, readCatalog } from '../support/catalog.js';
import { askedBesides, catalogQueries, describingCommands } from '../support/catalog-queries.js';
import { hiddenObjectsSql, visibleObjectsSql } from '../support/filtered-catalog.js';
import { policedSession } from '../support/policed-session.js';
import { startPostgres } from '../support/postgres.js';
import { run } from '../support/process.js';
import { rewritten } from '../support/rewriting.js';

const policy = `
version: 1
rules:
  - { name: all, tables: [public.people, public.orders, public.days, public.glad, public.sums, 'shop.*'], actions: [select] }
  - { name: own, tables: [public.people_id_seq, public.orders_id_seq], actions: [select] }
functions: { allow: [shop.twice] }
catalog: filtered
`;

/** Numbers of objects differ between databases. */
function comparable(rows: readonly unknown[]): unknown {
  return JSON.parse(
    JSON.stringify(rows, (_, value) => (Number(value) >= 16384 && Number(value) < 1e9 ? 'oid' : value)).replace(
      /_\d{5,}/g,
      '_oid',
    ),
  );
}

for (const kind of kinds) {
  t.test(`clients describe a filtered database of ${kind} PostgreSQL`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query('create database plain');
    await server.query('create database mixed');
    const clients: pg.Client[] = [];
    for (const [database, sql] of [
      ['plain', visibleObjectsSql],
      ['mixed', `${hiddenObjectsSql.split(/(?=create view public\.half)/)[0]}`],
    ] as const) {
      const client = new pg.Client({ connectionString: server.urlFor(database) });
      client.on('error', () => {});
      await client.connect();
      const all = database === 'mixed' ? `${visibleObjectsSql}\n${sql}` : sql;
      for (const statement of all.split(/;\s*\n/)) await client.query(statement);
      await client.query('analyze');
      t.teardown(() => void client.end().catch(() => {}));
      clients.push(client);
    }
    const [plain, mixed] = clients as [pg.Client, pg.Client];
    const index = await readCatalog(server, server.urlFor('mixed'));
    const session = policedSession(index, policy);

    async function compare(t: Test, name: string, plainSql: string, mixedSql: string): Promise<void> {
      const expected = await plain.query(plainSql);
      const result = rewritten(mixedSql, index, session);
      if (!result.ok) {
        t.fail(`${name}: ${result.message}: ${mixedSql}`);
        return;
      }
      try {
        const found = await mixed.query(result.text);
        t.same(comparable(found.rows), comparable(expected.rows), `${name}: ${mixedSql.slice(0, 2000)}`);
      } catch (error) {
        t.fail(`${name}: ${String(error)}: ${result.text}`);
      }
    }

    for (const [tool, queries] of Object.entries(catalogQueries)) {
      t.test(`${server.major}: ${tool} sees what it would see if nothing else were there`, async (t) => {
        for (const sql of queries) await compare(t, tool, sql, sql);
      });
    }

    t.test(
      `${server.major}: what is about more than objects runs in every mode, without what is not to be told`,
      async (t) => {
        await mixed.query("alter role current_user in database mixed set app.secret = 'zq secret'");
        for (const mode of ['filtered', 'hidden', 'visible']) {
          const asking = policedSession(index, policy.replace('catalog: filtered', `catalog: ${mode}`));
          for (const sql of askedBesides) {
            const result = rewritten(sql, index, asking);
            if (!result.ok) {
              t.fail(`${mode}: ${result.message}: ${sql}`);
              continue;
            }
            const found = JSON.stringify((await mixed.query(result.text)).rows);
            t.notMatch(found, mode === 'visible' ? /zq secret/ : /zq/, `${mode}: ${sql}`);
          }
        }
        const visible = policedSession(index, policy.replace('catalog: filtered', 'catalog: visible'));
        const sizes = rewritten(
          "select pg_table_size('zq_public'::regclass), pg_table_size('orders'::regclass)",
          index,
          visible,
        );
        t.match(sizes.ok && (await mixed.query({ text: sizes.text, rowMode: 'array' })).rows, [[null, /^\d+$/]]);
      },
    );

    t.test(`${server.major}: a part that may be read does not tell what it is a part of`, async (t) => {
      const ofPart = policedSession(index, policy.replace('public.days,', 'public.days_zq,'));
      const trees = ['pg_partition_root', 'pg_partition_ancestors', 'pg_partition_tree'];
      const text = `select ${trees.map((name) => `(select count(t) from ${name}('days_zq'::regclass) t)::int`).join()}`;
      const result = rewritten(text, index, ofPart);
      t.same(result.ok && (await mixed.query({ text: result.text, rowMode: 'array' })).rows, [[0, 0, 0]]);
    });

    const psql = server.tool('psql');
    t.test(
      `${server.major}: psql describes what it would describe if nothing else were there`,
      { skip: psql === null && 'no psql' },
      async (t) => {
        const asked = async (database: string) => {
          const commands = describingCommands.flatMap((command) => ['-c', command]);
          const { stdout } = await run(psql ?? '', ['-X', '-E', ...commands, server.urlFor(database)]);
          return [...stdout.matchAll(/\*{9} QUERY \*{10}\n([\s\S]*?)\n\*{26}/g)].map(([, sql]) => sql ?? '');
        };
        const ofMixed = await asked('mixed');
        const ofPlain = await asked('plain');
        t.ok(ofPlain.length > 50, `${ofPlain.length} queries`);
        for (const sql of ofPlain) {
          // The same object's turn comes in the same order.
          const shape = sql.replace(/\d{5,}/g, '');
          const at = ofMixed.findIndex((each) => each.replace(/\d{5,}/g, '') === shape);
          const [same] = at < 0 ? [] : ofMixed.splice(at, 1);
          if (same !== undefined) await compare(t, 'psql', sql, same);
          else t.match(sql, /zq/, `asked otherwise: ${sql}`);
        }
      },
    );
  });
}
