import t from 'tap';
import { isLeakFree, isLeakFreeFor } from '../../src/sql/leak-free-functions.js';
import { kinds, readCatalog } from '../support/catalog.js';
import { startPostgres } from '../support/postgres.js';

/** Values at the ends of what each type can hold, and what it has beside numbers. */
const extremes: Readonly<Record<string, readonly (string | null)[]>> = {
  numeric: ['0', '-0.0', 'NaN', '1e131071', '-1e131071', '1e-16383', '99999999999999999999.5'],
  date: ['4713-01-01 BC', '5874897-12-31', 'infinity', '-infinity', '2000-01-01', '294277-01-01'],
  timestamp: ['4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999', 'infinity', '-infinity', '2000-01-01'],
  timestamptz: ['4713-01-02 00:00:00+00 BC', '294276-12-31 00:00:00+00', 'infinity', '-infinity', '2000-01-01'],
  anyenum: ['sad', 'happy'],
  int2: ['-32768', '0', '32767', null],
  int4: ['-2147483648', '0', '2147483647', null],
  int8: ['-9223372036854775808', '0', '9223372036854775807', null],
  float4: ['-Infinity', '-1e-45', '0', 'NaN', null],
  float8: ['-Infinity', '-1e-323', '0', 'NaN', null],
};

for (const kind of kinds) {
  t.test(`leak-free functions of the ${kind} server`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(`create type mood as enum ('sad', 'happy');
      create function numeric_eq(a numeric, b numeric) returns bool language plpgsql as 'begin return 1 / 0; end'`);
    const index = await readCatalog(server);
    const listed = index.catalog.functions.filter((one) => isLeakFree(one) && !one.isLeakproof);

    t.test('those that the server does not mark compare any two values without an error', async (t) => {
      t.ok(listed.length > 40, `${listed.length} functions`);
      for (const {
        name,
        arguments: [left = 0, right = 0],
      } of listed.filter(({ kind }) => kind !== 'a')) {
        for (const zone of ['UTC', 'Pacific/Kiritimati', 'Etc/GMT+12']) {
          const [row] = await server.query(
            `set timezone = '${zone}'; select count(pg_catalog.${name}(a, b)) as n from ${values(left, 'a')}, ${values(right, 'b')}`,
          );
          t.ok(Number(row?.n) >= 4, `${name} in ${zone}`);
        }
      }
    });

    t.test('nor do aggregates of any values', async (t) => {
      const aggregates = listed.filter(({ kind }) => kind === 'a');
      t.equal(aggregates.length, 20, 'count twice, and the largest and the least of nine types');
      for (const { name, arguments: types } of aggregates.filter((one) => one.name !== 'count')) {
        const [type = 0] = types;
        const [row] = await server.query(`select pg_catalog.${name}(a)::text as found from ${values(type, 'a')}`);
        const among = await server.query(`select a::text as value from ${values(type, 'a')}`);
        t.ok(
          among.some(({ value }) => value !== null && value === row?.found),
          `${name} of ${index.type(type)?.name}`,
        );
      }
    });

    t.test('names are matched with plain patterns without an error', async (t) => {
      const isFree = (name: string, pattern: string) =>
        index.functionsByName(name, 'pg_catalog').every((each) => isLeakFreeFor(each, pattern));
      const patterns = [
        'pg_%',
        '%',
        '',
        '_%a%b%',
        '^pg_',
        '^pg_|information',
        '^(pg_|information_schema)$',
        '^',
        '$|a|',
        '()',
      ];
      const texts = "(select unnest(array['pg_class', '', 'é', repeat('a', 63), 'A b'])::name) as x(a)";
      for (const name of ['like', 'nlike', 'iclike', 'icnlike', 'regexeq', 'regexne', 'icregexeq', 'icregexne']) {
        for (const pattern of patterns.filter((each) => isFree(`name${name}`, each))) {
          const [row] = await server.query(`select count(name${name}(a, '${pattern}')) as n from ${texts}`);
          t.equal(Number(row?.n), 5, `${name} ${pattern}`);
        }
      }
      t.ok(patterns.every((each) => isFree('namelike', each) && (/%/.test(each) || isFree('nameregexeq', each))));
      for (const [name, pattern] of [
        ['namelike', 'pg\\_%'],
        ['nameregexeq', '(a*)*b'],
        ['nameregexeq', '['],
        ['nameregexeq', 'a{2'],
        ['nameregexeq', '(a)(\\1)'],
        ['textlike', 'a'],
        ['textregexeq', 'a'],
      ] as const) {
        t.notOk(isFree(name, pattern), `${name} ${pattern}`);
      }
    });

    t.test('what the server marks is leak-free, and nothing of a user that is named like PostgreSQL’s', async (t) => {
      const [equal] = index.functionsByName('int4eq', 'pg_catalog');
      t.equal(equal !== undefined && isLeakFree(equal), true);
      const [own] = index.functionsByName('numeric_eq', 'public');
      t.equal(own !== undefined && isLeakFree(own), false);
      for (const name of [
        'int4pl',
        'int4div',
        'textlike',
        'lower',
        'numeric_add',
        'enum_lt',
        'array_eq',
        'record_eq',
      ]) {
        const [unsafe] = index.functionsByName(name, 'pg_catalog');
        t.equal(unsafe !== undefined && isLeakFree(unsafe), false, name);
      }
    });

    function values(type: number, alias: string): string {
      const name = index.type(type)?.name ?? '';
      const written = name === 'anyenum' ? 'mood' : name;
      const rows = (extremes[name] ?? []).map((value) => `(${value === null ? 'null' : `'${value}'`}::${written})`);
      return `(values ${rows.join(', ')}) as ${alias}_values(${alias})`;
    }
  });
}
