import t from 'tap';
import { isOneOf } from '../../../src/policy/catalogs/oid-set.js';
import { startPostgres } from '../../support/postgres.js';

const server = await startPostgres();
t.teardown(() => server.stop());

/** The oids up to a number for which the server finds the condition true. */
async function foundIn(condition: string, last: number): Promise<number[]> {
  const sql = `select o::int8::int as oid from generate_series(0, ${last}) as n(n), lateral (select n::oid) as x(o) where ${condition} order by 1`;
  return (await server.query(sql)).map(({ oid }) => Number(oid));
}

const dense = Array.from({ length: 300 }, (_, at) => 16384 + 3 * at + (at % 2));
const sets: Readonly<Record<string, readonly number[]>> = {
  none: [],
  one: [16384],
  few: [16384, 16390, 20000],
  'a run': dense,
  'a run by whole bytes': Array.from({ length: 16 }, (_, at) => 16400 + at),
  'two runs': [...dense, ...dense.map((oid) => oid + 3_000)],
  'far from each other': Array.from({ length: 200 }, (_, at) => 16384 + 390 * at),
  'many runs': Array.from({ length: 60 }, (_, at) => 16384 + 450 * at),
};

for (const [name, oids] of Object.entries(sets)) {
  t.test(`found are those that are in the set and no others: ${name}`, async (t) => {
    const last = Math.max(20_000, ...oids) + 50;
    const condition = isOneOf('o', [...oids].reverse());
    t.same(await foundIn(condition, last), oids);
    t.same(await foundIn(`not ${condition}`, last).then(({ length }) => length), last + 1 - oids.length);
    t.same(await server.query(`select (${isOneOf('null::oid', oids)}) is true as found`), [{ found: false }]);
    t.ok(condition.length < 400 + 16 * oids.length, `${condition.length} characters`);
  });
}
