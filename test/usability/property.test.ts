import pg from 'pg';
import t from 'tap';
import { policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { Random, seedFrom } from '../support/random.js';

// Random tables, policies and queries: what comes through the daemon is what the same query gives on views that have the
// restrictions written into them.

const seed = seedFrom(process.env.PROPERTY_SEED);
const random = new Random(seed);
const pairs = 12;
const queriesEach = 40;

interface Column {
  readonly name: string;
  readonly type: Type;
  /** What is seen instead of it; null: itself. */
  readonly mask: string | null;
  readonly isHidden: boolean;
}

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: string | null;
}

type Type = 'int' | 'text' | 'date' | 'boolean' | 'numeric';

/** Values, masks over `value`, and conditions over a column. */
const types: Readonly<Record<Type, Readonly<Record<'values' | 'masks' | 'conditions', readonly string[]>>>> = {
  int: {
    values: ['null', '0', '1', '2', '3', '-7', '1000000'],
    masks: ['value % 2', 'null', 'abs(value)', '42'],
    conditions: ['c > 1', 'c in (1, 2, -7)', 'c is null', 'c between 0 and 3', 'c <> 2', 'coalesce(c, 1) = 1'],
  },
  text: {
    values: ['null', "''", "'abc'", "'größe'", "'ABC'", "'a''b'"],
    masks: ['left(value, 1)', "'hidden'", "repeat('*', length(value))", 'upper(value)'],
    conditions: ["c = 'abc'", "c like 'a%'", 'c is not null', "c > 'a'", 'length(c) > 1', "lower(c) = 'abc'"],
  },
  date: {
    values: ['null', "'2020-01-01'", "'2024-02-29'", "'1999-12-31'"],
    masks: ["date_trunc('year', value)", 'null'],
    conditions: ["c >= date '2020-01-01'", 'extract(year from c) = 2024', 'c is null'],
  },
  boolean: {
    values: ['null', 'true', 'false'],
    masks: ['false', 'not value'],
    conditions: ['c', 'not c', 'c is not true'],
  },
  numeric: {
    values: ['null', '0.5', '12.25', '-3', '1e10'],
    masks: ['round(value)', 'value * 0'],
    conditions: ['c > 0', 'c = 12.25', 'c is null'],
  },
};
const typeNames = Object.keys(types) as Type[];
const oneOf = <Item>(items: readonly Item[]): Item => random.pick(items);
const chance = (share: number): boolean => random.next() < share;
const times = <Item>(count: number, make: (at: number) => Item): Item[] =>
  Array.from({ length: count }, (_, at) => make(at));

function randomTable(name: string): Table {
  const columns = times(3 + random.below(3), (at): Column => {
    const type = at === 0 ? 'int' : oneOf(typeNames);
    const isMasked = at > 0 && chance(0.35);
    const isHidden = at > 1 && !isMasked && chance(0.2);
    return { name: `c${at}`, type, mask: isMasked ? oneOf(types[type].masks) : null, isHidden };
  });
  const filters = times(1 + random.below(2), () => oneOf(columns)).map((column) => condition(column, column.name));
  return {
    name,
    columns: [{ name: 'id', type: 'int', mask: null, isHidden: false }, ...columns],
    rows: chance(0.8) ? filters.join(oneOf([' or ', ' and '])) : null,
  };
}

/** A condition over what stands for a column; the policy's is over what it holds, the query's over what is seen. */
function condition({ type }: Column, written: string): string {
  return `(${oneOf(types[type].conditions).replace(/\bc\b/g, written)})`;
}

function definition({ name, columns, rows }: Table): string {
  const values = times(
    14,
    (at) => `(${[at, ...columns.slice(1).map(({ type }) => oneOf(types[type].values))].join(', ')})`,
  );
  const seen = columns
    .filter(({ isHidden }) => !isHidden)
    .map((column) =>
      column.mask === null ? column.name : `cast((${maskOver(column)}) as ${column.type}) as ${column.name}`,
    );
  return `create table ${name} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')}, primary key (id));
insert into ${name} values ${values.join(', ')};
create view seen.${name} as select ${seen.join(', ')} from public.${name}${rows === null ? '' : ` where ${rows}`};`;
}

const maskOver = ({ name, mask }: Column): string => (mask ?? '').replace(/\bvalue\b/g, name);

function rule({ name, columns, rows }: Table): object {
  const masked = columns.filter(({ mask }) => mask !== null);
  const mask = Object.fromEntries(masked.map((column) => [column.name, column.mask]));
  const hide = columns.filter(({ isHidden }) => isHidden).map((column) => column.name);
  const restrictions = { ...(hide.length > 0 && { hide }), ...(masked.length > 0 && { mask }) };
  return {
    ...{ name: `of ${name}`, tables: [`public.${name}`], actions: ['select'] },
    ...(Object.keys(restrictions).length > 0 && { columns: restrictions }),
    ...(rows !== null && { rows }),
  };
}

/** A query over two tables, with columns that exist to its user. */
function randomQuery(tables: readonly [Table, Table]): string {
  const [a, b] = chance(0.5) ? tables : [tables[1], tables[0]];
  const column = ({ columns }: Table): Column => oneOf(columns.filter(({ isHidden }) => !isHidden));
  const [one, other, third] = [column(a), column(b), column(a)];
  const where = chance(0.6) ? ` where ${condition(third, `x.${third.name}`)}` : '';
  switch (random.below(10)) {
    case 0:
      return `select * from ${a.name} x${where}`;
    case 1:
      return `select x.${one.name} as one, y.${other.name} from ${a.name} x ${oneOf(['join', 'left join', 'full join'])} ${b.name} y on x.id = y.id${where}`;
    case 2:
      return `select ${one.name}, count(*), min(${third.name}::text) from ${a.name} x${where} group by ${one.name}`;
    case 3:
      return `select x.* from ${a.name} x where ${oneOf(['exists', 'not exists'])} (select from ${b.name} y where y.id = x.id and ${condition(other, `y.${other.name}`)})`;
    case 4:
      return `select ${one.name}::text from ${a.name} x${where} ${oneOf(['union', 'union all', 'except', 'intersect'])} select ${other.name}::text from ${b.name}`;
    case 5:
      return `with w as (select x.*, row_number() over (partition by ${one.name} order by id) as n from ${a.name} x${where}) select * from w where n = 1`;
    case 6:
      return `select x.id, l.${other.name} from ${a.name} x, lateral (select * from ${b.name} y where y.id <= x.id order by id desc limit 2) l${where}`;
    case 7:
      return `select to_jsonb(x), x from ${a.name} x${where}`;
    case 8:
      return `select distinct (select max(y.${other.name}::text) from ${b.name} y where y.id >= x.id), x.${one.name} from ${a.name} x`;
    default:
      return `select id, sum(id) over (order by id), case when ${condition(third, `x.${third.name}`)} then x.${one.name}::text end from ${a.name} x natural join (select id from ${b.name}) y`;
  }
}

async function answer(client: pg.Client, text: string): Promise<object> {
  try {
    const { fields, rows } = await client.query<string[]>({
      text,
      rowMode: 'array',
      types: { getTypeParser: () => String },
    });
    // A whole row has the view's type there, and is a record here.
    const columns = fields.map(({ name, dataTypeID }) =>
      dataTypeID === 2249 || dataTypeID > 16_383 ? name : `${name} ${dataTypeID}`,
    );
    return { columns, rows: rows.map((row) => JSON.stringify(row)).sort() };
  } catch (error) {
    return { sqlstate: (error as pg.DatabaseError).code };
  }
}

const server = await startPostgres();
t.teardown(() => server.stop());
const tables = times(pairs, (at) => [randomTable(`a${at}`), randomTable(`b${at}`)] as const);
await server.query(`create schema seen; ${tables.flat().map(definition).join('\n')}`);
const policy = { version: 1, rules: tables.flat().map(rule) };
const daemon = await policedDaemon(t, server, JSON.stringify(policy));
const policed = new pg.Client({ connectionString: server.url.replace(/:\d+\//, `:${daemon.port}/`) });
const direct = new pg.Client({ connectionString: server.url, options: '-c search_path=seen' });
for (const client of [policed, direct]) {
  await client.connect();
  t.teardown(() => client.end());
}

t.comment(`PROPERTY_SEED=${seed}`);
for (const pair of tables) {
  t.test(`${pair[0].name} and ${pair[1].name}`, async (t) => {
    let answered = 0;
    for (const text of times(queriesEach, () => randomQuery(pair))) {
      const [found, wanted] = [await answer(policed, text), await answer(direct, text)];
      t.same(found, wanted, `${text} (PROPERTY_SEED=${seed})`);
      if (!('sqlstate' in wanted)) answered += 1;
    }
    t.ok(answered > queriesEach * 0.8, `${answered} of ${queriesEach} were answered`);
  });
}
