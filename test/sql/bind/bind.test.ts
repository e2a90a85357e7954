import t from 'tap';
import { bindText } from '../../../src/sql/bind/bind.js';
import type { BoundStatement, Span } from '../../../src/sql/bind/bound.js';
import type { Relation } from '../../../src/sql/catalog/catalog.js';
import type { CatalogIndex } from '../../../src/sql/catalog/catalog-index.js';
import { parseSql } from '../../../src/sql/parser/parse-statements.js';
import { readCatalog } from '../../support/catalog.js';
import { startPostgres } from '../../support/postgres.js';
import { bindOne, mustBind } from './binding.js';
import { schema } from './schema.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(schema);
const catalog: CatalogIndex = await readCatalog(server);

function cut(sql: string, span: Span | null): string | null {
  return span === null ? null : Buffer.from(sql).subarray(span.start, span.end).toString();
}

/** The text with a mark at a place. */
function marked(sql: string, place: number | null): string | null {
  if (place === null) return null;
  const bytes = Buffer.from(sql);
  return `${bytes.subarray(0, place)}|${bytes.subarray(place)}`;
}

t.test('relations are cut out with ONLY, star, alias and sample', async (t) => {
  const cases: readonly [sql: string, name: string, span: string, alias: string | null, sample: string | null][] = [
    ['select 1 from people', 'people', 'people', null, null],
    ["select 'é' /* ü */ from shop . people as p ( a , b )", 'shop . people', 'shop . people', 'as p ( a , b )', null],
    ['select 1 from only people p', 'people', 'only people', 'p', null],
    ['select 1 from only ( "people" ) p', '"people"', 'only ( "people" )', 'p', null],
    ['select 1 from people * as "ü""x"', 'people', 'people *', 'as "ü""x"', null],
    [
      'select 1 from people p tablesample system (1) repeatable (2)',
      'people',
      'people',
      'p',
      'tablesample system (1) repeatable (2)',
    ],
    [
      'select 1 from people p tablesample pg_catalog.system (1)',
      'people',
      'people',
      'p',
      'tablesample pg_catalog.system (1)',
    ],
    [
      'select 1 from U&"p!0065ople" uescape \'!\' x',
      'U&"p!0065ople" uescape \'!\'',
      'U&"p!0065ople" uescape \'!\'',
      'x',
      null,
    ],
    ['table people', 'people', 'table people', null, null],
    ['table only (people)', 'people', 'table only (people)', null, null],
    ['update only people p set id = 1', 'people', 'only people', 'p', null],
    ['delete from people as p where true', 'people', 'people', 'as p', null],
    ['truncate people', 'people', 'people', null, null],
    ['copy shop.people to stdout', 'shop.people', 'shop.people', null, null],
    ['create temp table x as select 1 from people p', 'people', 'people', 'p', null],
  ];
  for (const [sql, name, span, alias, sample] of cases) {
    const [use] = mustBind(catalog, sql).relations;
    if (use === undefined) throw new Error(sql);
    t.same(
      [use.name, use.span, use.alias, use.sample].map((each) => cut(sql, each)),
      [name, span, alias, sample],
      sql,
    );
  }
});

t.test('columns are cut out with their qualifiers, stars and functions too', async (t) => {
  const sql = 'select shop.people . id, p2.*, name , shop.f( p2.name ) from shop.people , people2 p2'.replace(
    'people2',
    'dept',
  );
  const bound = mustBind(catalog, sql.replace('p2.name', 'region'));
  const text = sql.replace('p2.name', 'region');
  const columns = bound.columns.filter(({ form }) => form === 'name');
  t.same(
    columns.map(({ span, qualifier, qualifierParts }) => [cut(text, span), cut(text, qualifier), qualifierParts]),
    [
      ['shop.people . id', 'shop.people', 2],
      ['name', null, 0],
      ['region', null, 0],
    ],
  );
  t.same(
    bound.stars.map(({ span, qualifier }) => [cut(text, span), cut(text, qualifier)]),
    [['p2.*', 'p2']],
  );
  t.same(
    bound.functions.map(({ span }) => cut(text, span)),
    ['shop.f'],
  );
});

t.test(
  'conjuncts are what stands between the ANDs that every row must pass, or every row of a side that may be missing',
  async (t) => {
    const cases: Readonly<Record<string, string[]>> = {
      'select 1 from people where id = 1': ['id = 1'],
      'select 1 from people where id = 1 and name = $1 order by 1': ['id = 1', 'name = $1'],
      'select 1 from people where (id = 1 and (name) = $1) and not (id > 2)': ['id = 1', '(name) = $1', 'not (id > 2)'],
      "select 1 from people where id between 1 and 2 and name = left('x', 1) limit 1": [
        'id between 1 and 2',
        "name = left('x', 1)",
      ],
      'select 1 from people where id = 1 or name is null and id = 2': ['id = 1 or name is null and id = 2'],
      'select 1 from people p join dept d on p.id = d.id and d.boss > 1 left join parent on p.id = 3 where p.id = 2': [
        'p.id = d.id',
        'd.boss > 1',
        'p.id = 3',
        'p.id = 2',
      ],
      'select 1 from people p left join (dept d join parent q on q.id = d.id) on p.id = 3': ['q.id = d.id'],
      'select 1 from people p full join dept d on p.id = d.id': [],
      'update people set name = null where case when id = 1 then true end and id = 2 returning id': [
        'case when id = 1 then true end',
        'id = 2',
      ],
      '(select 1 from people where (id = 1)) union select 2': ['(id = 1)'],
    };
    for (const [sql, wanted] of Object.entries(cases)) {
      const found = mustBind(catalog, sql).queries.flatMap(({ conjuncts }) =>
        conjuncts.map(({ span }) => cut(sql, span)),
      );
      t.same(found, wanted, sql);
    }
  },
);

t.test('targets tell where lists, conditions and RETURNING are or would go', async (t) => {
  const insert = 'insert into people (id, name) values (1, 2::text) on conflict do nothing returning id';
  const [first] = mustBind(catalog, insert).targets;
  t.equal(cut(insert, first?.columnList ?? null), '(id, name)');
  t.equal(cut(insert, first?.conflict?.span ?? null), 'on conflict do nothing');
  t.equal(cut(insert, first?.returning ?? null), 'id');

  const bare = 'insert into people as p select 1 from dept where true';
  const [second] = mustBind(catalog, bare).targets;
  t.equal(marked(bare, second?.columnListPlace ?? null), 'insert into people as p| select 1 from dept where true');
  t.equal(marked(bare, second?.returningPlace ?? null), `${bare}|`);

  const update = 'with x as (select 1) update people set name = $1 , shade = lower(name) from dept where id = 1 ;';
  const ambiguous = bindOne(catalog, update);
  t.match(ambiguous, { ok: false, sqlstate: '42702' });
  const good = update.replace('where id', 'where people.id');
  const bound = mustBind(catalog, good);
  t.equal(cut(good, bound.targets[0]?.condition ?? null), 'people.id = 1');
  t.equal(marked(good, bound.targets[0]?.returningPlace ?? null)?.endsWith('id = 1| ;'), true);
  t.same(
    bound.assigned.map(({ span, value }) => [cut(good, span), cut(good, value)]),
    [
      ['name', '$1'],
      ['shade', 'lower(name)'],
    ],
  );

  const nowhere = 'delete from people returning id';
  const [third] = mustBind(catalog, nowhere).targets;
  t.equal(marked(nowhere, third?.wherePlace ?? null), 'delete from people| returning id');

  const merge =
    'merge into people p using dept d on p.id = d.id and true when matched and p.id > 1 then delete ' +
    'when not matched then insert (id) values (d.id)';
  const [fourth] = mustBind(catalog, merge).targets;
  t.equal(cut(merge, fourth?.joinCondition ?? null), 'p.id = d.id and true');
  t.same(
    fourth?.whens.map(({ span, condition, columnList }) =>
      [span, condition, columnList].map((each) => cut(merge, each)),
    ),
    [
      ['when matched and p.id > 1 then delete', 'p.id > 1', null],
      ['when not matched then insert (id) values (d.id)', null, '(id)'],
    ],
  );
});

t.test('queries, their clauses and groups are cut out', async (t) => {
  const sql = 'select c.name, count(*) from customers c where c.vip group by c.id having true order by 1 limit 2';
  const [query] = mustBind(catalog, sql).queries;
  t.equal(cut(sql, query?.grouping?.span ?? null), 'group by c.id');
  t.same(
    query?.grouping?.determined.map(({ attnum }) => attnum),
    [2],
  );
  t.equal(cut(sql, query?.clauses.where ?? null), 'where c.vip');
  const union = '(select 1) union (select id from people limit 1) order by 1 limit 3';
  t.equal(cut(union, mustBind(catalog, union).queries[0]?.span ?? null), union.slice(1));
});

t.test('row locks reach what they are of, through sub-selects', async (t) => {
  const locks = (sql: string) => mustBind(catalog, sql).relations.map(({ relation, lock }) => [relation.name, lock]);
  t.same(locks('select 1 from people p, dept d for update of p'), [
    ['people', 'update'],
    ['dept', null],
  ]);
  t.same(locks('select 1 from (select * from people) p, dept for share for update of dept'), [
    ['people', 'share'],
    ['dept', 'update'],
  ]);
  t.same(
    locks('select (select 1 from people), 1 from dept for key share'),
    [
      ['people', null],
      ['dept', 'key share'],
    ].reverse(),
  );
});

t.test('hidden columns do not exist, and a sub-select has no system columns', async (t) => {
  const visibility = ({ name }: Relation) => (name === 'people' ? { hidden: new Set([2]), isSubquery: true } : null);
  const outputs = (bound: BoundStatement) => bound.output?.map(({ name }) => name);
  t.same(outputs(mustBind(catalog, 'select * from people', { visibility })), ['id', 'shade', 'weight']);
  t.match(bindOne(catalog, 'select name from people', { visibility }), { ok: false, sqlstate: '42703' });
  t.match(bindOne(catalog, 'select ctid from people', { visibility }), { ok: false, sqlstate: '42703' });
  t.match(bindOne(catalog, 'insert into people (name) values (1)', { visibility }), { ok: false, sqlstate: '42703' });
  const unknown = 'insert into people (id) values (1) on conflict on constraint nothing do nothing';
  t.match(bindOne(catalog, unknown, { visibility }), { ok: false, sqlstate: '42704' });
  t.equal(bindOne(catalog, unknown).ok, true, 'the server knows more of constraints');
  t.equal(mustBind(catalog, 'select tableoid from people', { visibility }).columns[0]?.attnum, -6);
  t.same(
    mustBind(catalog, 'insert into people values (1, 2, 3)', { visibility }).assigned.map(({ name }) => name),
    ['id', 'shade', 'weight'],
  );
  const inner = mustBind(catalog, 'select (select (select name) from people limit 1) from customers', { visibility });
  t.equal(
    inner.columns.some(({ relation }) => relation.relation.name === 'people'),
    false,
  );
});

t.test('no hint names a hidden column', (t) => {
  const visibility = ({ name }: Relation) => (name === 'people' ? { hidden: new Set([2]), isSubquery: true } : null);
  for (const sql of [
    'select nam from people',
    'select people.nam from people',
    'select 1 from people p, (select name) x',
    'select 1 from people p, (select p.name) x',
    'insert into people (id) values (1) returning nam',
    'update people set shade = nam',
    'with t as (select * from people) select nam from t',
    'select p.nam from (people p join dept using (id)) j',
  ]) {
    const result = bindOne(catalog, sql, { visibility });
    t.equal(result.ok, false, sql);
    if (!result.ok) t.notMatch(`${result.detail} ${result.hint}`, /name[".]/, sql);
  }
  t.match(bindOne(catalog, 'select shad from people', { visibility }), { hint: /"people.shade"/ });
  t.end();
});

t.test('CALL gives something for each argument, OUT or not', (t) => {
  for (const sql of ['call counted(1, null)', 'call counted(found => null, n => 1)', 'call tidy(1)']) {
    t.equal(mustBind(catalog, sql).functions.filter(({ by }) => by === 'call').length, 1, sql);
  }
  for (const sql of ['call counted(1)', 'select pair(1, 2)']) {
    t.match(bindOne(catalog, sql), { ok: false, sqlstate: '42883' }, sql);
  }
  t.end();
});

t.test('every way of calling a function is a call', async (t) => {
  for (const sql of ["select treat('1' as pg_sleep)", 'select pg_sleep(1)', 'select pg_catalog . "pg_sleep" (1)']) {
    const calls = mustBind(catalog, sql).functions.filter(({ by }) => by === 'call');
    t.same(
      calls.flatMap(({ candidates }) => candidates.map(({ name }) => name)),
      ['pg_sleep'],
      sql,
    );
  }
  t.equal(mustBind(catalog, 'select p.full_name from people p').functions[0]?.by, 'call');
  t.equal(
    mustBind(catalog, 'select home::text from customers').casts.some((cast) => cast.function !== 0),
    true,
  );
});

t.test('utilities hold their queries, relations and places', async (t) => {
  const copy = 'copy people (id, name) from stdin where id > 3';
  const { utility, assigned } = mustBind(catalog, copy);
  t.equal(cut(copy, utility?.copy?.columnList ?? null), '(id, name)');
  t.equal(cut(copy, utility?.copy?.condition ?? null), 'id > 3');
  t.same(
    assigned.map(({ name, action }) => [name, action]),
    [
      ['id', 'copy-in'],
      ['name', 'copy-in'],
    ],
  );
  const query = 'copy (select id from people) to stdout';
  t.equal(cut(query, mustBind(catalog, query).utility?.copy?.query ?? null), 'select id from people');
  const actions = (sql: string) => mustBind(catalog, sql).relations.map((use) => [...use.actions].sort().join(' '));
  t.same(actions(query), ['copy-out select']);
  t.same(actions('copy (delete from people returning id) to stdout'), ['copy-out delete select']);
  t.same(actions('explain analyze update people set id = 1'), ['update']);
  t.same(actions('prepare x as update people set id = id where name = $1'), ['select update']);
  t.same(actions('declare c cursor for select id from people for update'), ['select update']);
  t.same(actions('truncate people, dept'), ['truncate', 'truncate']);
  t.same(actions('lock table only people in share mode'), ['lock']);
  t.same(actions('analyze people (id)'), ['analyze select']);
  t.same(mustBind(catalog, 'select id into temp x from people').temporaryNames, ['x']);
  t.equal(mustBind(catalog, 'delete from people where current of c').targets[0]?.currentOf, 'c');
});

t.test('what the binder does not know is refused by its name', async (t) => {
  for (const sql of ['grant select on people to public', 'create rule r as on insert to people do also select 1']) {
    t.match(bindOne(catalog, sql), { ok: false, sqlstate: '0A000', message: /Stmt/ }, sql);
  }
});

t.test('a relation in a part of the tree that nobody looks at is refused', async (t) => {
  const sql = 'explain (costs people) select 1';
  const people = { RangeVar: { relname: 'people', inh: true, relpersistence: 'p', location: sql.indexOf('people') } };
  const placed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(placed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, key === 'arg' ? people : placed(inner)]),
    );
  };
  const parsed = parseSql(sql);
  const context = { searchPath: ['public'], user: '' };
  t.match(bindText(sql, parsed, catalog, context), [{ ok: true }]);
  const refused = { ok: false, sqlstate: '0A000', message: /^a relation in such a place/, position: 15 };
  t.match(bindText(sql, placed(parsed), catalog, context), [refused]);
});
