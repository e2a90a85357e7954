import t from 'tap';
import type { SessionIdentity } from '../../src/policy/fill-expression.js';
import { printInScope, printOver, type Restriction } from '../../src/sql/rewrite/restriction.js';
import { readCatalog } from '../support/catalog.js';
import { policedSession } from '../support/policed-session.js';
import { startPostgres } from '../support/postgres.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
  create table people (id int primary key, name text, ssn varchar(11), region text, "Odd One" text collate "C", born date);
  create table teams (id int, region text);
  create schema shop; create function shop.shout(text) returns text language sql as 'select upper($1)'`);
const index = await readCatalog(server);

function restriction(rules: string, who: Partial<SessionIdentity> = {}, name = 'people'): Restriction | undefined {
  const policy = `version: 1\nmasks: { year: "date_trunc('year', value)" }\nrules:\n${rules
    .split('\n')
    .map((rule, at) => `  - { name: r${at}, ${rule} }`)
    .join('\n')}`;
  const oid = index.relationByName('public', name)?.oid ?? 0;
  return policedSession(index, policy, who).restrictions.get(oid);
}

const people = 'tables: [public.people], actions: [select]';

function rowsOf(rules: string, who: Partial<SessionIdentity> = {}): string | null {
  const found = restriction(rules, who);
  if (found === undefined || found.rows === null) return null;
  return printInScope(found.rows, found.relation);
}

t.test('a rule that restricts nothing gives no restriction', async (t) => {
  t.equal(restriction(people), undefined);
});

t.test('attributes are literals that nothing of a value can end, and missing ones are NULL', async (t) => {
  const attributes = { regions: ['EU', `a"b\\c'd`], team: "o'neill\\" };
  t.equal(rowsOf(`${people}, rows: "name = :user.team"`, { attributes }), `("people"."name" =  'o''neill\\' )`);
  t.equal(
    rowsOf(`${people}, rows: "region = any(:user.regions)"`, { attributes }),
    `("people"."region" = any( '{"EU","a\\"b\\\\c''d"}'::"pg_catalog".text[] ))`,
  );
  t.equal(rowsOf(`${people}, rows: "region = :user.nothing"`), '("people"."region" =  NULL )');
  t.equal(rowsOf(`${people}, rows: "name = :user.name"`, { attributes: { name: 'x' } }), `("people"."name" =  'ann' )`);
  t.equal(rowsOf(`${people}, rows: "name = :tenant.id"`), `("people"."name" =  'acme' )`);
});

t.test('the server reads the literals as the values that they are', async (t) => {
  for (const value of ["it's", '\\', '"', '{a,b}', 'NULL', '', 'é\n']) {
    const found = restriction(`${people}, rows: ":user.v = any(:user.list)"`, {
      attributes: { v: value, list: [value] },
    });
    const sql = found?.rows == null ? 'false' : printInScope(found.rows, found.relation);
    t.same(await server.query(`select ${sql} as ok`), [{ ok: true }], JSON.stringify(value));
  }
});

t.test('names of functions, types and relations are qualified, whatever the search path', async (t) => {
  t.equal(
    rowsOf(`${people}, rows: "lower(name) = 'x' and id::text::uuid is not null and shop.shout(name) = people.region"`),
    `("pg_catalog".lower("people"."name") = 'x' and "people"."id"::"pg_catalog".text::"pg_catalog".uuid is not null and shop.shout("people"."name") = "people"."region")`,
  );
  t.equal(
    rowsOf(`${people}, rows: "exists (select from teams g where g.region = people.region)"`),
    '(exists (select from "public".teams g where g.region = people.region))',
  );
});

t.test('what a policy names and the relation lacks closes the relation', async (t) => {
  const closed = (keys: string) => () => restriction(`${people}, ${keys}`);
  t.throws(closed('rows: "nmae = 1"'), /rule "r0" names column nmae, which people doesn't have/);
  t.throws(
    closed('rows: "shout(name) = 1"'),
    /can't be bound along pg_catalog and public: function shout\(text\) does not exist/,
  );
  t.throws(closed('rows: "name = = 1"'), /syntax error/);
  t.throws(closed('rows: "1, 2"'), /is not one expression/);
  t.throws(closed('columns: { hide: [pasword] }'), /names column "pasword", which isn't there/);
  t.throws(closed('columns: { mask: { ssn: "left(value, id)" } }'), /names id; a mask knows only value/);
  t.equal(restriction('tables: ["*.*"], actions: [select], columns: { hide: [pasword] }')?.hidden.size, 0);
});

t.test('rows are joined by OR, a rule without any gives all, and each action has its own', async (t) => {
  const two = `${people}, rows: "id = 1"\n${people}, rows: "id = 2 or id = 3"`;
  t.equal(rowsOf(two), '(("people"."id" = 1) OR ("people"."id" = 2 or "people"."id" = 3))');
  t.equal(rowsOf(`${two}\n${people}`), null);
  const write = 'tables: [public.people], actions: [update, delete], rows: "id = 4", check: "id < 9"';
  const found = restriction(`${two}\n${write}`);
  const shown = (sql: Restriction['rows'] | undefined) =>
    sql == null ? null : printOver(sql, found?.relation ?? ({} as Restriction['relation']), 'x');
  t.equal(shown(found?.updatable), '(x."id" = 4)');
  t.equal(shown(found?.updateCheck), '(x."id" < 9)');
  t.equal(shown(found?.deletable), '(x."id" = 4)');
  t.equal(shown(found?.insertCheck), null);
});

t.test('hide beats mask beats clear, and a mask has the column’s type without its length', async (t) => {
  const found = restriction(
    `${people}, columns: { mask: { ssn: "'*' || value", "Name": "'x'", '"Odd One"': "lower(value)", born: year } }\n${people}, columns: { hide: [name] }\n${people}`,
  );
  const columns = found?.columns.map(({ column, mask }) => [
    column.name,
    mask === null || found === undefined ? null : printInScope(mask, found.relation),
  ]);
  t.same(columns, [
    ['id', null],
    ['ssn', `(CAST(('*' || "people"."ssn") AS "pg_catalog"."varchar"))`],
    ['region', null],
    ['Odd One', `(CAST(("pg_catalog".lower("people"."Odd One")) AS "pg_catalog"."text") COLLATE "pg_catalog"."C")`],
    ['born', `(CAST(("pg_catalog".date_trunc('year', "people"."born"::timestamp)) AS "pg_catalog"."date"))`],
  ]);
  const name = (attnum: number) => found?.relation.columns.find((column) => column.attnum === attnum)?.name;
  t.same([...(found?.insertable ?? [])].map(name), ['id', 'region'], 'what may be set where no list says so');
});

t.test('write lists intersect, for each action by itself', async (t) => {
  const rule = (actions: string, write: string) =>
    `tables: [public.people], actions: [${actions}], columns: { write: [${write}] }`;
  const found = restriction(`${rule('insert, update', 'id, name')}\n${rule('update', 'name, ssn')}`);
  t.same([...(found?.insertable ?? [])], [1, 2]);
  t.same([...(found?.changeable ?? [])], [2]);
});
