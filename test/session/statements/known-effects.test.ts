import t from 'tap';
import { KnownEffects } from '../../../src/session/statements/known-effects.js';
import { sessionEffects } from '../../../src/sql/session-effects.js';
import { keyOf } from '../../../src/sql/shape.js';

const texts = [
  'begin',
  'select a from t where b = 1',
  "select a from t where b = 2 and c = 'd'",
  "select a from t where b = 3 and c = E'd'",
  "select set_config('search_path', 'a', false)",
  "select set_config('work_mem', 'a', false)",
  "select set_config('work_mem', 'a', true)",
  "select set_config(E'work_mem', 'a', true)",
  "set search_path to 'a'",
  "set search_path to 'b', 'c'",
  'set work_mem to 100',
  'set time zone 1',
  "set time zone 'UTC'",
  "notify a, 'b'",
  "insert into t values (1, 'x'), (2, my_function('y'))",
  'declare c cursor with hold for select 1',
  "prepare p as select 'a'",
  "execute p ('a')",
  "select 1; set x.y to '1'",
  "select 2; set x.y to '2'",
  'select 1; select 2',
];

t.test('texts do what they are said to do, whatever was asked for before', async (t) => {
  const known = new KnownEffects();
  for (let round = 0; round < 2; round++) {
    for (const text of texts) {
      const keyed = keyOf(text);
      if (keyed === null) throw new Error(`no key: ${text}`);
      t.same(known.of(text, keyed), sessionEffects(text), text);
    }
  }
});

t.test('a text that differs in harmless literals from one before is not read again', async (t) => {
  const known = new KnownEffects();
  const effectsOf = (text: string) => known.of(text, keyOf(text) ?? { key: text, literals: [] });
  t.equal(effectsOf('select a from t where b = 1'), effectsOf('select a from t where b = 2'));
  t.not(effectsOf("select set_config('a.b', '1', false)"), effectsOf("select set_config('a.c', '1', false)"));
});
