import fc from 'fast-check';
import { loadModule, parseSync } from 'libpg-query';
import t from 'tap';
import { defaultGuardBounds, guardText } from '../../src/sql/guard.js';
import { cpuTimeMs } from '../support/cpu-time.js';
import { textClasses } from '../support/heavy-texts.js';

await loadModule();

const largest = 60_000;

/** The largest size of its kind that passes. */
function largestPassing(make: (size: number) => string): number {
  let [passing, refused] = [0, largest];
  if (guardText(make(largest)).ok) return largest;
  while (refused - passing > 1) {
    const middle = (passing + refused) >> 1;
    if (guardText(make(middle)).ok) passing = middle;
    else refused = middle;
  }
  return passing;
}

t.test('the largest text of each class that passes does the parser no harm, however often', async (t) => {
  for (const [name, make] of Object.entries(textClasses)) {
    const text = make(largestPassing(make));
    const started = cpuTimeMs();
    let runs = 0;
    for (; runs < 20 && cpuTimeMs() - started < 1_000; runs++) {
      try {
        parseSync(text);
      } catch (error) {
        t.match(error, { name: 'SqlError', message: /^syntax error/ }, name);
      }
    }
    t.ok((cpuTimeMs() - started) / runs < 1_000, `${name} takes less than its deadline`);
    t.equal(parseSync('select 1').stmts?.length, 1, `the parser is alive behind ${name}`);
  }
});

t.test('what is known to break the parser is refused with 54000', async (t) => {
  const poisons = {
    'a sum of 10,000 terms': `select ${Array(10_000).fill('1').join('+')}`,
    'a sum of 8,000 columns': `select ${Array(8_000).fill('a').join(' + ')}`,
    '2,000 nested sub-selects': `${'select * from ('.repeat(2_000)}select 1${') x'.repeat(2_000)}`,
    '50,000 NOTs': `select ${'not '.repeat(50_000)}true`,
    '20,000 nested comments': `select ${'/*'.repeat(20_000)}${'*/'.repeat(20_000)} 1`,
    'a sum of 10,000 CASEs': `select ${Array(10_000).fill('case when true then 1 end').join('+')}`,
    '10,000 WHENs that are names': `select case when ${Array(10_000).fill('a.when').join('+')} then 1 end`,
    '1,000 CASEs inside each other': `select ${'case when '.repeat(1_000)}true${' then true end'.repeat(1_000)}`,
    'a million plus signs': `select ${'+'.repeat(1_000_000)}1`,
    'columns that share a sub-select, inside each other': `${'update t set (a,b) = (with x as ('.repeat(30)}select 1${') select 1,2)'.repeat(30)}`,
    'a thousand columns that share a sub-select': `update t set (${Array(1_000).fill('a')}) = (select ${Array(1_000).fill('1')})`,
    'a text over a megabyte': `select '${'x'.repeat(1 << 20)}'`,
  };
  for (const [name, text] of Object.entries(poisons)) {
    const started = cpuTimeMs();
    t.match(guardText(text), { ok: false, sqlstate: '54000', message: /^(statement|comments)/ }, name);
    t.ok(cpuTimeMs() - started < 500, `${name} is refused without delay`);
  }
});

t.test('large statements of the kinds that applications send pass', async (t) => {
  const row = `(${Array.from({ length: 20 }, (_, i) => `$${i + 1}`)})`;
  const texts = [
    `insert into t values ${Array(1_000).fill(row).join(', ')}`,
    `select * from t where id in (${Array.from({ length: 65_535 }, (_, i) => `$${i + 1}`)})`,
    `select * from t where ${Array(900).fill('a = 1').join(' or ')}`,
    `select ${Array(1_600).fill('coalesce(t.a, 0) as b').join(', ')} from t`,
    `select '${'('.repeat(100_000)}', $$${'/*'.repeat(1_000)}$$, E'${"\\'".repeat(1_000)}(('`,
    'insert into t values (1);'.repeat(10_000),
    `select case ${Array.from({ length: 10_000 }, (_, i) => `when t.oid = ${i} then ${i}`).join(' ')} else 0 end from t`,
    `select ${Array(1_000).fill('1 as case, a.case, 2 case').join(', ')}`,
  ];
  for (const text of texts) t.match(guardText(text), { ok: true }, text.slice(0, 40));
});

t.test('a Buffer is judged as its text', async (t) => {
  const text = fc.array(fc.constantFrom('(', ')', "'", 'é', '漢', '"', '$$', '/*', '*/', ',', 'a', ' ', '+'), {
    maxLength: 60,
  });
  const bounds = { ...defaultGuardBounds, nestingMax: 3, chainMax: 12 };
  fc.assert(
    fc.property(text, (pieces) => {
      const joined = pieces.join('');
      t.same(guardText(Buffer.from(joined), bounds), guardText(joined, bounds));
    }),
  );
});

t.test('a text is refused by one more level, sign or set operation than its bound, and not before', async (t) => {
  const bounds = { textBytesMax: 100, tokensMax: 30, nestingMax: 2, chainMax: 10, setOperationsMax: 1 };
  const isPassed = (text: string) => guardText(text, bounds).ok;
  t.ok(isPassed('select ((1))'));
  t.notOk(isPassed('select (((1)))'));
  t.ok(isPassed('select a + b + c + d + e'));
  t.notOk(isPassed('select a + b + c + d + e + f'));
  t.ok(isPassed('select a + b + c + d, e + f + g + h'), 'a comma begins anew');
  t.notOk(isPassed('select a + b + c + (d + e + f)'), 'what is open counts together');
  t.ok(isPassed('select case when a then b when c then d when e then f end'), 'an arm begins anew');
  t.notOk(isPassed('select case when a + b + c + d + e then f end'));
  t.notOk(isPassed('select case when true then 1 end + 1 + case when true then 2 end + 3 + 4 + 5'));
  t.notOk(isPassed('select case when case when ((1)) then 2 end then 3 end'));
  t.ok(isPassed('select 1 union select 2'));
  t.notOk(isPassed('select 1 union select 2 EXCEPT select 3'));
  t.notOk(isPassed(`select '${'é'.repeat(50)}'`), 'bytes, not characters');
});
