import t from 'tap';
import type { Splice } from '../../../src/sql/rewrite/splice.js';
import { parseAsMeant } from '../../../src/sql/rewrite/verify.js';
import { parse } from '../../support/policed-session.js';

const reason = 'a test';

const isAsMeant = (...args: Parameters<typeof parseAsMeant>) => parseAsMeant(...args) !== null;

function subquery(start: number, end: number, at = start): Splice {
  const query = 'SELECT 1 AS a FROM x.t';
  return { start, end, text: `(${query}) AS "t"`, reason, meant: { kind: 'subquery', at, query, alias: 't' } };
}

function schema(at: number, of: 'relation' | 'function' | 'type'): Splice {
  return { start: at, end: at, text: '"x".', reason, meant: { kind: 'schema', at, of, schema: 'x' } };
}

t.test('a splice that stands where it was meant is accepted', async (t) => {
  t.equal(isAsMeant('select a from t', [subquery(14, 15)], parse), true);
  t.equal(isAsMeant("select 'é', a from t where f(a)", [subquery(20, 21), schema(28, 'function')], parse), true);
  t.equal(isAsMeant('select a::q from t; select 2', [schema(10, 'type'), schema(17, 'relation')], parse), true);
});

t.test('one that stands elsewhere, does more, or is left out is not', async (t) => {
  const text = 'select a from t, t where f(a)';
  t.equal(isAsMeant(text, [subquery(14, 15, 17)], parse), false, 'the other relation');
  t.equal(isAsMeant(text, [{ ...subquery(14, 15), text: '(SELECT 1 AS a FROM y.t) AS "t"' }], parse), false);
  t.equal(isAsMeant(text, [{ ...subquery(14, 15), text: '(SELECT 1 AS a FROM x.t) AS "t", z' }], parse), false);
  t.equal(isAsMeant(text, [{ ...subquery(14, 15), text: '' }], parse), false);
  t.equal(isAsMeant(text, [{ ...schema(25, 'function'), text: '"y".' }], parse), false);
  t.equal(isAsMeant(text, [{ ...schema(25, 'function'), text: '-- ' }], parse), false);
  t.equal(isAsMeant('select a from "t"', [{ ...schema(14, 'relation'), text: '' }], parse), false);
});

t.test('an operator that binds otherwise once it is qualified is noticed', async (t) => {
  const operator = (at: number): Splice => ({
    ...{ start: at, end: at + 1, text: 'OPERATOR("x".+)', reason },
    meant: { kind: 'schema', at, of: 'operator', schema: 'x' },
  });
  t.equal(isAsMeant('select a + b', [operator(9)], parse), true);
  t.equal(isAsMeant('select a + b * c', [operator(9)], parse), true);
  t.equal(isAsMeant('select a - b + c', [operator(13)], parse), true);
  t.equal(isAsMeant('select a + b - c', [operator(9)], parse), false);
});
