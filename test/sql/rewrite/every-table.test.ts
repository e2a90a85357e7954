import pg from 'pg';
import t from 'tap';
import { readCatalog } from '../../support/catalog.js';
import { policedSession } from '../../support/policed-session.js';
import { startPostgres } from '../../support/postgres.js';
import { rewritten } from '../../support/rewriting.js';
import { changes } from '../bind/changes.js';
import { schema } from '../bind/schema.js';
import { selects } from '../bind/selects.js';

// Under a policy that restricts every table, statements over every construct are rewritten, verified and taken by the
// server, or refused for a reason. How many of each kind are taken must not fall.

const atLeast = { select: 0.97, table: 1, values: 1, with: 1, insert: 0.95, update: 1, delete: 1, merge: 0.25 };

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(schema);
const index = await readCatalog(server);
const client = new pg.Client({ connectionString: server.url, options: '-c search_path=shop' });
await client.connect();
t.teardown(() => client.end());

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const tables = index.catalog.relations.filter(
  ({ schema, kind }) => /^(?:shop|other|Od d)$/.test(schema) && /[rpmv]/.test(kind),
);
const rules = tables.map(({ schema, name, columns }) => {
  const first = quoted(columns[0]?.name ?? '');
  return {
    name: `${schema} ${name}`,
    tables: [`${quoted(schema)}.${quoted(name)}`],
    actions: ['select', 'insert', 'update', 'delete', 'lock'],
    rows: `${first} is null or ${first} = ${first}`,
  };
});
const functions = { allow: ['shop.*', 'other.*', 'public.*'] };
const policy = JSON.stringify({ version: 1, rules, functions });

/** What the server has against a statement; null: nothing. */
async function objection(text: string): Promise<string | null> {
  try {
    await client.query(`prepare taken as ${text}`);
    await client.query('deallocate taken');
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

t.test('each statement is rewritten and taken, or refused for a reason', async (t) => {
  const session = policedSession(index, policy);
  const counts: Record<string, { taken: number; refused: number }> = {};
  for (const text of [...selects, ...changes]) {
    if ((await objection(text)) !== null) continue;
    const sent = rewritten(text, index, session, ['shop']);
    const kind = text.match(/^\(*(\w+)/)?.[1]?.toLowerCase() ?? '';
    counts[kind] ??= { taken: 0, refused: 0 };
    counts[kind][sent.ok ? 'taken' : 'refused'] += 1;
    if (sent.ok) t.equal(await objection(sent.text), null, `${text} -> ${sent.text}`);
    else t.match(`${sent.sqlstate} ${sent.message}`, /^(?:0A000|42501|42P01|42703|42803) \w/, text);
  }
  t.comment(JSON.stringify(counts));
  for (const [kind, share] of Object.entries(atLeast)) {
    const { taken = 0, refused = 0 } = counts[kind] ?? {};
    t.ok(taken / (taken + refused) >= share, `${kind}: ${taken} taken, ${refused} refused`);
  }
});
