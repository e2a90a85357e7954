import { parseSync } from 'libpg-query';
import t from 'tap';
import { fingerprintOf } from '../../src/sql/fingerprint.js';
import { parseStatements } from '../../src/sql/parser/parse-statements.js';
import { parserMajor } from '../../src/sql/parser-version.js';

function fingerprint(text: string): string | null {
  const { result } = parseStatements(text);
  if (!result.ok) throw new Error(result.message);
  return fingerprintOf(text, result.statements);
}

t.test('literals, parameters, lists and layout make no difference', (t) => {
  const same = ['select * from t where a = 1', "SELECT *  FROM t -- x\n WHERE a = 'x'", 'select * from t where a = $1'];
  t.equal(new Set(same.map(fingerprint)).size, 1);
  t.equal(fingerprint('set role reader'), fingerprint("set role to 'reader'"));
  t.equal(fingerprint('select 1 where a in (1, 2, 3)'), fingerprint('select 1 where a in (4)'));
  t.end();
});

t.test('what another statement is has another fingerprint, also where it is another schema’s relation', (t) => {
  const different = [
    'select a from t where b = 1',
    'select a from t where b = 1 or 1 = 1',
    'select a from t where b > 1',
    'select a from u where b = 1',
    'select a from hr.t where b = 1',
    'select a from public.t where b = 1',
    'select a from "hr.t" where b = 1',
    'delete from t where b = 1',
    'select a from t where b = 1; select a from t where b = 1',
    'select a from t where b = (select 1 from x.y)',
    'select a from t where b = (select 1 from y)',
    'select a from t_2019 where b = 1',
    'select a from t_2020 where b = 1',
    'do $$ begin perform a(); end $$',
    'do $$ begin perform b(); end $$',
    "create function f() returns int language sql as 'select 1'",
    "create function f() returns int language sql as 'select 2'",
    'set role reader',
    'set role postgres',
    'set role none',
    'set session authorization reader',
    'set session authorization postgres',
    "select set_config('role', 'reader', false)",
    "select set_config('role', 'postgres', false)",
    'listen jobs',
    'listen others',
    'notify jobs',
    'notify others',
  ];
  t.equal(new Set(different.map(fingerprint)).size, different.length);
  t.end();
});

t.test('a text without a statement has none', (t) => {
  for (const text of ['', ' ', ';', '-- nothing']) t.equal(fingerprint(text), null, text);
  t.end();
});

t.test('what the parser says of an error is never taken for a fingerprint', (t) => {
  const { result } = parseStatements('select 1');
  if (!result.ok) return t.fail();
  for (const text of ["select '", 'frm', 'select 1 frm t x'])
    t.throws(() => fingerprintOf(text, result.statements), text);
  t.end();
});

t.test('the parser’s version is the one that lists of fingerprints are made for', (t) => {
  t.equal(Math.floor((parseSync('select 1').version ?? 0) / 10_000), parserMajor);
  t.end();
});
