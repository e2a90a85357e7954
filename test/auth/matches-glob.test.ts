import fc from 'fast-check';
import t from 'tap';
import { matchesGlob } from '../../src/auth/matches-glob.js';
import { cpuTimeMs } from '../support/cpu-time.js';

t.test('without a star a pattern is the name', async (t) => {
  t.ok(matchesGlob('alice', 'alice'));
  t.notOk(matchesGlob('alice', 'alice2'));
  t.notOk(matchesGlob('alice', 'Alice'));
  t.ok(matchesGlob('a.c', 'a.c'));
  t.notOk(matchesGlob('a.c', 'abc'), 'nothing but the star is special');
});

t.test('a star stands for any run of characters, also none', async (t) => {
  t.ok(matchesGlob('*', ''));
  t.ok(matchesGlob('*', 'anything'));
  t.ok(matchesGlob('bi_*', 'bi_'));
  t.ok(matchesGlob('bi_*', 'bi_reader'));
  t.notOk(matchesGlob('bi_*', 'xbi_reader'));
  t.ok(matchesGlob('*_ro', 'sales_ro'));
  t.ok(matchesGlob('a*b*c', 'aXbYc'));
  t.notOk(matchesGlob('a*b*c', 'aXcYb'));
  t.notOk(matchesGlob('ab*ba', 'aba'), 'beginning and end do not overlap');
  t.notOk(matchesGlob('a*bc*c', 'abc'), 'nor does the middle with the end');
});

t.test('it agrees with a regular expression', async (t) => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
  fc.assert(
    fc.property(pattern, letters, (glob, name) => {
      return matchesGlob(glob, name) === new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(name);
    }),
    { numRuns: 5_000 },
  );
  t.pass('for 5,000 pairs');
});

t.test('a pattern of many stars takes no time', async (t) => {
  const started = cpuTimeMs();
  t.notOk(matchesGlob(`${'*a'.repeat(30)}*b`, 'a'.repeat(63)));
  t.ok(cpuTimeMs() - started < 100);
});
