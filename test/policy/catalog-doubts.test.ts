import t from 'tap';
import { compareWithCatalog } from '../../src/policy/catalog-doubts.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { readCatalog } from '../support/catalog.js';
import { parse } from '../support/policed-session.js';
import { startPostgres } from '../support/postgres.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
  create domain verdict as bool;
  create type score as (points int);
  create function is_good(score) returns bool language sql immutable begin atomic select $1.points > 0; end;
  create cast (score as bool) with function is_good(score) as assignment;
  create type pair as (a int, b text);
  create table people (id int primary key, name text, region text, ok verdict, is_good score, kin pair);
  create table teams (id int, region text);
  create view everybody as select name from people;
  create view twice as select * from everybody;
  create view regions as select region from teams;
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create table touched (id int, owner text);
  create trigger touch before insert on touched for each row execute function touch();
  create function loose(int) returns bool language plpgsql stable as 'begin return exists (select from teams); end';
  create function tight(int) returns bool language plpgsql stable set search_path = public
    as 'begin return exists (select from teams); end';
  create function parsed(int) returns bool stable begin atomic select exists (select from teams); end;
  create schema empty`);
const index = await readCatalog(server);

function compare(rules: string) {
  const policies = loadPolicies([{ file: 'p.yaml', text: `version: 1\nrules:\n${rules}` }]);
  const session = { user: 'ann', tenant: 'acme', roles: [], database: 'postgres', attributes: { regions: ['EU'] } };
  const { errors, warnings, probes } = compareWithCatalog(policies, index, parse, () => session);
  const shown = (found: typeof errors) => found.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { errors: shown(errors), warnings: shown(warnings), probes };
}

const reading = (keys: string) => `  - { name: r, actions: [select], ${keys} }`;

t.test('what fits leaves nothing to say', (t) => {
  const found = compare(
    reading(`tables: [public.people], rows: "region = any(:user.regions)", columns: { mask: { name: "'x'" } }`),
  );
  t.match(found, { errors: [], warnings: [] });
  t.equal(found.probes.length, 2);
  t.end();
});

t.test('tables that are not there are named, with the one that was meant', (t) => {
  const { warnings } = compare(reading('tables: [public.poeple, empty.*, nowhere.x]'));
  t.match(warnings, [
    'rules.0.tables.0: is no relation of database "postgres"; did you mean public.people?',
    'rules.0.tables.1: matches no relation of database "postgres"',
    'rules.0.tables.2: is no relation of database "postgres"; check the name',
  ]);
  t.match(compare(reading('tables: [nowhere.x], databases: [other]')), { warnings: [] });
  t.end();
});

t.test('functions whose bodies are read by the search_path of who asks are doubtful', (t) => {
  const { warnings } = compare(
    reading('tables: [public.people], rows: "loose(id)", columns: { mask: { name: "loose(1)::text" } }'),
  );
  const said =
    'calls public.loose, whose body is read by the search_path of who asks; give the function SET search_path';
  t.same(warnings, [`rules.0.rows: ${said}`, `rules.0.columns.mask.name: ${said}`]);
  const fixed = reading('tables: [public.people], rows: "tight(id) and parsed(id) and length(name) > 2"');
  t.match(compare(fixed), { errors: [], warnings: [] });
  t.end();
});

t.test('columns that are not there are errors where the table is named, else doubtful', (t) => {
  const columns = 'columns: { hide: [nmae], mask: { regoin: "value" }, write: [zzz] }';
  const { errors } = compare(reading(`tables: [public.people], ${columns}`).replace('[select]', '[select, update]'));
  t.match(errors, [
    'rules.0.columns.hide.0: public.people has no column nmae; did you mean name?',
    'rules.0.columns.mask.regoin: public.people has no column regoin; did you mean region?',
    'rules.0.columns.write.0: public.people has no column zzz; check the name',
  ]);
  const some = compare(reading('tables: [public.*], columns: { hide: [name] }'));
  t.same(some.errors, []);
  t.notOk(some.warnings.some((said) => said.includes('has a column')));
  const none = compare(reading('tables: [public.*], columns: { hide: [zzz] }'));
  t.ok(none.warnings.includes('rules.0.columns.hide.0: no table of the rule has a column zzz; check the name'));
  t.end();
});

t.test('what would hang on a setting of the client is an error that says how to write it', (t) => {
  const { errors, probes } = compare(
    reading(`tables: [public.people], rows: "now()::date::timestamptz > '2020-01-01'"`),
  );
  t.match(errors, [
    /^rules\.0\.rows: hangs on the client's TimeZone by .*; say in which zone: .*; correct it for public\.people/,
  ]);
  t.same(probes, []);
  t.end();
});

t.test('filters, checks and masks that name what is not there are errors', (t) => {
  const { errors } = compare(
    reading(
      `tables: [public.people], rows: "regoin = 'x'", check: "nofunction(id)", columns: { mask: { name: "upper(id)" } }`,
    ).replace('[select]', '[select, insert]'),
  );
  t.match(errors, [
    /^rules\.0\.rows: names column regoin, which people doesn't have; correct it for public\.people/,
    /^rules\.0\.check: can't be bound along pg_catalog and public: function nofunction\(integer\) does not exist/,
    /^rules\.0\.columns\.mask\.name: names id; a mask knows only value/,
  ]);
  t.end();
});

t.test('filters and checks that are not boolean, and casts that there are not, are errors', async (t) => {
  const rule = reading('tables: [public.people], KEYS').replace('[select]', '[select, insert]');
  const said = (keys: string) => compare(rule.replace('KEYS', keys)).errors;
  const misfit = (what: string) => [`${what}; correct it for public.people`];
  t.same(said('rows: "name"'), misfit('rules.0.rows: has a value of type text where it takes a boolean'));
  t.same(said('check: "id > 1 and id"'), misfit('rules.0.check: has a value of type integer where it takes a boolean'));
  t.same(said('rows: "array[id]::bool"'), misfit("rules.0.rows: can't be cast from integer[] to boolean"));
  t.same(
    said('columns: { mask: { id: "array[1]" } }'),
    misfit("rules.0.columns.mask.id: can't be cast from integer[] to integer"),
  );
  for (const right of [
    "'t'",
    'null',
    'id::bool',
    'ok',
    'not ok',
    'is_good',
    'row(1, null)::pair = kin',
    'exists (select 1)',
  ])
    t.same(said(`rows: "${right}"`), [], right);
  for (const [column, mask] of Object.entries({
    id: "'1'",
    name: 'value::int',
    ok: '1',
    kin: "row(1, 'x')",
    region: '1',
  }))
    t.same(said(`columns: { mask: { ${column}: "${mask}" } }`), [], mask);
  t.end();
});

t.test('a wildcard over a view that shows a restricted table is told', (t) => {
  const rules = `${reading('tables: [public.*]')}\n${reading('tables: [public.people], rows: "id = 1"').replace('r,', 's,')}`;
  const { warnings } = compare(rules);
  t.match(warnings, [
    /^rules\.0\.tables\.0: covers the view public\.everybody, which shows public\.people without/,
    /^rules\.0\.tables\.0: covers the view public\.twice, which shows public\.people without/,
  ]);
  t.same(compare(reading('tables: [public.*]')).warnings, []);
  t.end();
});

t.test('COPY into a table with triggers under a check is told', (t) => {
  const rule = '  - { name: r, actions: [insert, copy-in], tables: [public.touched], rows: "owner = :user.name" }';
  t.match(compare(rule).warnings, [/^rules\.0\.actions: COPY into public\.touched is refused/]);
  t.same(compare(rule.replace('touched', 'people').replace('owner', 'name')).warnings, []);
  t.end();
});
