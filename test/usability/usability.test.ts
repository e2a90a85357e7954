import { readFileSync } from 'node:fs';
import pg from 'pg';
import t from 'tap';
import { makeTemplate, printTemplate } from '../../src/sql/rewrite/template.js';
import { keyOf } from '../../src/sql/shape.js';
import { kinds, readCatalog } from '../support/catalog.js';
import { policedSession } from '../support/policed-session.js';
import { startPostgres } from '../support/postgres.js';
import { rewritten } from '../support/rewriting.js';
import { type ListedStatement, readStatements } from '../support/statement-lists.js';

// What the application wrote works as it would on views that somebody made by hand with the same restriction.

const newest = kinds.at(-1);
const server = await startPostgres(newest === undefined ? {} : { kind: newest });
t.teardown(() => server.stop());
const file = (name: string) => new URL(`./${name}`, import.meta.url).pathname;

await server.query(readFileSync(file('database.sql'), 'utf8'));
const roles = {
  analyst: { who: { user: 'ann', attributes: { regions: ['EU', 'US'] } }, writes: false },
  clerk: { who: { user: 'ann' }, writes: true },
  tenant: { who: { user: 'ann', attributes: { tenant: '2' } }, writes: true },
} as const;
const index = await readCatalog(server);
for (const role of Object.keys(roles)) await server.query(readFileSync(file(`${role}.sql`), 'utf8'));

const client = new pg.Client({ connectionString: server.url });
await client.connect();
t.teardown(() => client.end());

const readers =
  'hand prisma typeorm django sqlalchemy hibernate activerecord metabase superset tableau dbeaver powerbi';
const lists = (role: keyof typeof roles) => [
  ...readers.split(' '),
  ...(role === 'tenant' ? [] : [role]),
  ...(roles[role].writes ? ['writing'] : []),
];
const publicNames =
  /(\bpublic|"public")\.("?(?:customers|orders|order_items|products|employees|events|categories|order_totals)\b"?)/g;
const written = ['orders', 'order_items', 'customers', 'products'];

interface Outcome {
  readonly error: string | null;
  readonly columns: readonly (readonly [string, number])[];
  readonly rows: readonly string[];
  readonly count: number | null;
  readonly state: readonly unknown[];
}

/** What a statement gives and does; then all is as before. */
async function outcome(
  { text, params }: Pick<ListedStatement, 'text' | 'params'>,
  path: string,
  compares: { readonly state: boolean; readonly rows: boolean },
): Promise<Outcome> {
  await client.query(
    "begin; set local timezone = 'UTC'; select setval('orders_id_seq', 500), setval('customers_id_seq', 500), setval('products_id_seq', 500)",
  );
  await client.query(`set local search_path = ${path}; savepoint before`);
  let answer: pg.QueryArrayResult | null = null;
  let error: string | null = null;
  try {
    answer = await client.query({ text, rowMode: 'array', values: [...params] });
  } catch (raised) {
    error = (raised as Error).message;
    await client.query('rollback to before');
  }
  const state = [];
  for (const table of compares.state ? written : []) {
    state.push(
      (await client.query(`select md5(string_agg(t::text, '|' order by t::text)) from public.${table} t`)).rows[0],
    );
  }
  await client.query('rollback');
  return {
    error,
    columns: compares.rows ? (answer?.fields ?? []).map(({ name, dataTypeID }) => [name, dataTypeID] as const) : [],
    rows: compares.rows ? (answer?.rows ?? []).map((row) => JSON.stringify(row)).sort() : [],
    count: answer?.rowCount ?? null,
    state,
  };
}

for (const role of Object.keys(roles) as (keyof typeof roles)[]) {
  const session = policedSession(index, readFileSync(file(`${role}.yaml`), 'utf8'), roles[role].who);
  for (const list of lists(role)) {
    t.test(`${role}: ${list}`, async (t) => {
      for (const statement of readStatements(file(`statements/${list}.sql`))) {
        // Views can't be merged into before.
        if (server.major < 17 && statement.text.includes('merge into')) continue;
        const label = statement.text.replace(/\s+/g, ' ');
        const sent = rewritten(statement.text, index, session);
        if (!sent.ok) {
          t.match(`${sent.sqlstate} ${sent.message}`, statement.refused ?? /^$/, label);
          continue;
        }
        const changes = list === 'writing';
        const compares = { state: changes, rows: !(changes && sent.addsRows) };
        const onViews = statement.onViews.replace(publicNames, (_all, _quoted, name) => `${role}.${name}`);
        const meant = await outcome({ ...statement, text: onViews }, `${role}, public`, compares);
        const got = await outcome({ ...statement, text: sent.text }, 'pg_catalog', compares);
        t.same(
          { ...got, error: got.error !== null },
          { ...meant, error: meant.error !== null },
          `${label}\n${sent.text}\n${got.error}\n${meant.error}`,
        );
        const keyed = keyOf(statement.text);
        if (keyed === null) continue;
        t.equal(printTemplate(makeTemplate(statement.text, sent.splices), keyed.literals), sent.text, 'its template');
      }
    });
  }
}
