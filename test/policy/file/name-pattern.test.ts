import t from 'tap';
import {
  matchesFunction,
  matchesTable,
  parseFunctionPattern,
  parseGlob,
  parseTablePattern,
} from '../../../src/policy/file/name-pattern.js';

t.test('tables are named as in SQL: folded, or quoted and exact', async (t) => {
  const expected: Readonly<Record<string, unknown>> = {
    'public.orders': { schema: 'public', name: 'orders' },
    'Public.ORDERS': { schema: 'public', name: 'orders' },
    '"Public"."a.b"': { schema: 'Public', name: 'a.b' },
    '"a""b".c': { schema: 'a"b', name: 'c' },
    'hr.*': { schema: 'hr', name: null },
    'hr."*"': { schema: 'hr', name: '*' },
    '*.*': { schema: null, name: null },
    '*.orders': null,
    orders: null,
    'a.b.c': null,
    'public.or*': null,
    'a. b': null,
    '""."b"': null,
    '': null,
  };
  for (const [written, pattern] of Object.entries(expected)) t.same(parseTablePattern(written), pattern, written);
});

t.test('a wildcard stands for names of the user’s own schemas', async (t) => {
  const isMatch = (pattern: string, schema: string, name: string) => {
    const parsed = parseTablePattern(pattern);
    return parsed !== null && matchesTable(parsed, schema, name);
  };
  t.ok(isMatch('*.*', 'any', 'Table'));
  t.ok(isMatch('hr.*', 'hr', 'x'));
  t.notOk(isMatch('hr.*', 'HR', 'x'));
  t.notOk(isMatch('hr.*', 'hrx', 'x'));
  for (const schema of ['pg_catalog', 'pg_toast', 'pg_temp', 'pg_temp_7', 'information_schema']) {
    t.notOk(isMatch('*.*', schema, 'x'), schema);
    t.ok(isMatch(`${schema}.x`, schema, 'x'), `${schema} by name`);
  }
  t.notOk(isMatch('hr."*"', 'hr', 'x'));
});

t.test('functions may have a star anywhere, and one for the schema', async (t) => {
  const isMatch = (pattern: string, schema: string, name: string, isDeny = false) => {
    const parsed = parseFunctionPattern(pattern);
    return parsed !== null && matchesFunction(parsed, schema, name, isDeny);
  };
  t.ok(isMatch('public.distance*', 'public', 'distance_km'));
  t.notOk(isMatch('public.distance*', 'public', 'a_distance'));
  t.ok(isMatch('Public.A*z', 'public', 'abcz'));
  t.ok(isMatch('p*.f', 'public', 'f'));
  t.notOk(isMatch('public."f*"', 'public', 'fx'));
  t.ok(isMatch('public.<=>', 'public', '<=>'));
  t.notOk(isMatch('public.a.b', 'public', 'a.b'));
  t.notOk(isMatch('*.*', 'pg_catalog', 'pg_sleep'));
  t.ok(isMatch('*.*', 'pg_catalog', 'pg_sleep', true), 'any schema is every schema to a deny');
  t.ok(isMatch('pg_catalog.pg_sleep*', 'pg_catalog', 'pg_sleep_for'));
  t.equal(parseFunctionPattern('distance'), null);
});

t.test('a glob is no regular expression', async (t) => {
  t.ok(parseGlob('bi_*').test('bi_alice'));
  t.notOk(parseGlob('a.c').test('abc'));
  t.notOk(parseGlob('bi').test('bi_alice'));
  t.ok(parseGlob('*').test('a\nb'));
  t.ok(parseGlob('a(b').test('a(b'));
});
