import t from 'tap';
import { bare, JudgeThreads } from '../../src/judge/judge-threads.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { defaultGuardBounds } from '../../src/sql/guard.js';
import type { ParseResult } from '../../src/sql/statement-facts.js';
import { textClasses } from '../support/heavy-texts.js';
import { until } from '../support/until.js';

const commands = (result: ParseResult): unknown =>
  result.ok ? result.statements.map(({ command }) => command) : result;

/** Lets everything through, so that the parser meets what the guard exists for. */
const unguarded = {
  textBytesMax: 1 << 30,
  tokensMax: Number.MAX_SAFE_INTEGER,
  nestingMax: 1_000,
  chainMax: 1 << 30,
  setOperationsMax: 1 << 30,
};

t.test('facts come back, and errors in the words of PostgreSQL', async (t) => {
  const pool = new JudgeThreads();
  t.teardown(() => pool.close());
  t.same(commands(await pool.parse('select 1; begin', 'a')), ['select', 'begin']);
  t.same(commands(await pool.parse('', 'a')), []);
  t.same(commands(await pool.parse(' /* nothing */ ;', 'a')), []);
  t.same(await pool.parse("select 'ü' frm x from", 'a'), {
    ok: false,
    sqlstate: '42601',
    message: 'syntax error at or near "x"',
    position: 16,
  });
  t.equal(pool.starts, 1, 'a syntax error costs no new thread');
});

t.test('what is no UTF-8, holds a NUL or is too large never reaches the thread', async (t) => {
  const pool = new JudgeThreads({ bounds: { ...defaultGuardBounds, textBytesMax: 100 } });
  t.teardown(() => pool.close());
  t.match(await pool.parse('select 1\0; drop table t', 'a'), { sqlstate: '22021' });
  t.match(await pool.parse("select '\ud800'", 'a'), { sqlstate: '22021' });
  const message = (bytes: string) => `invalid byte sequence for encoding "UTF8": ${bytes}`;
  for (const [text, bytes] of [
    ["select 'a\udcc3('", '0xc3 0x28'],
    ["select '\udced\udca0\udc80'", '0xed 0xa0 0x80'],
    ["select '\udcf8\udc80'", '0xf8'],
  ] as const) {
    t.match(await pool.parse(text, 'a'), { message: message(bytes) });
  }
  t.match(await pool.parse(`select '${'x'.repeat(100)}'`, 'a'), { sqlstate: '54000' });
  t.match(await pool.parse(`select ${'('.repeat(201)}`, 'a'), { sqlstate: '54000' });
  t.equal(pool.starts, 0);
});

t.test('a text that breaks the parser is refused, and the next one meets a new parser', async (t) => {
  const pool = new JudgeThreads({ bounds: unguarded });
  t.teardown(() => pool.close());
  const poison = `${'select * from ('.repeat(900)}select 1${') x'.repeat(900)} where ${'a at time zone '.repeat(60_000)}b`;
  t.match(await pool.parse(poison, 'a'), { ok: false, sqlstate: '54000' });
  t.same(commands(await pool.parse('select 1', 'a')), ['select']);
  t.ok(pool.starts >= 2);
});

t.test('a text that takes longer than its deadline is refused, and others go on', async (t) => {
  const pool = new JudgeThreads({ bounds: unguarded, deadlineMs: 1500, shortTokensMax: Number.MAX_SAFE_INTEGER });
  t.teardown(() => pool.close());
  await pool.warm();
  const columns = Array(3_000).fill('a');
  const slow = pool.parse(`update t set (${columns}) = (select ${columns})`, 'slow');
  const quick = pool.parse('select 1', 'quick');
  // Where there is time enough the parser runs out of memory first, and that is refused as well.
  t.match(await slow, { ok: false, sqlstate: '54000', message: /^statement is too complex/ });
  t.same(commands(await quick), ['select']);
});

t.test('a parser that was made warm takes the first text', async (t) => {
  const pool = new JudgeThreads();
  t.teardown(() => pool.close());
  await pool.warm();
  t.equal(pool.starts, 1);
  t.same(commands(await pool.parse('select 1', 'a')), ['select']);
  t.equal(pool.starts, 1);
});

t.test('long texts have a thread of their own, which ends when there are no more', async (t) => {
  const pool = new JudgeThreads({ longIdleMs: 50 });
  t.teardown(() => pool.close());
  await pool.parse('select 1', 'a');
  const long = `select ${Array(20_000).fill('1')}`;
  t.same(commands(await pool.parse(long, 'a')), ['select']);
  t.equal(pool.starts, 2);
  await until('the thread for long texts ends', () => pool.threads === 1);
  t.same(commands(await pool.parse(long, 'a')), ['select']);
  t.equal(pool.starts, 3);
});

t.test('a parser is replaced after so many texts', async (t) => {
  const pool = new JudgeThreads({ renewAfterTexts: 10 });
  t.teardown(() => pool.close());
  for (let i = 0; i < 25; i++) t.same(commands(await pool.parse(`select ${i}`, i % 3)), ['select']);
  t.equal(pool.starts, 3);
});

t.test('an error of ours refuses its text, is told, and costs no thread', async (t) => {
  const faults: string[] = [];
  const pool = new JudgeThreads({ onFault: ({ message }) => faults.push(message) });
  t.teardown(() => pool.close());
  const question = { ...bare, text: 'select 1', catalog: 'one that it was not told of' };
  t.match(await pool.ask(question, 'a'), { ok: false, sqlstate: 'XX000' });
  t.same(faults, ['the judging thread was not told of one that it was not told of']);
  t.same(commands(await pool.parse('select 1', 'a')), ['select']);
  t.equal(pool.starts, 1);
});

t.test('a queue that is full says so at once', async (t) => {
  const pool = new JudgeThreads({ queuePerClientMax: 5, queueMax: 8 });
  t.teardown(() => pool.close());
  const results = await Promise.all(Array.from({ length: 20 }, () => pool.parse('select 1', 'a')));
  t.ok(results.some((result) => result.ok));
  t.match(results.at(-1), { ok: false, sqlstate: '53400' });
});

t.test('closing answers what waits', async (t) => {
  const pool = new JudgeThreads();
  const waiting = Promise.all([pool.parse('select 1', 'a'), pool.parse('select 2', 'b')]);
  await pool.close();
  for (const result of await waiting) t.match(result, { ok: false, sqlstate: '57P01' });
  t.match(await pool.parse('select 1', 'a'), { ok: false, sqlstate: '57P01' });
});

/** What 10,000 texts are made of: those that pass the guard at their largest, and those that are refused by it. */
function poisons(): string[] {
  const sizes = [190, 900, 3_900, 10_000];
  return Object.values(textClasses).flatMap((make) => sizes.map(make));
}

t.test('what questions name is forgotten when the last of them is answered', async (t) => {
  const faults: string[] = [];
  const pool = new JudgeThreads({ onFault: ({ message }) => faults.push(message) });
  t.teardown(() => pool.close());
  const policies = loadPolicies([{ file: 'p.yaml', text: 'version: 1\nrules: []\n' }]);
  pool.tell({ kind: 'policies', key: 'p', policies });
  const ask = () => pool.ask({ ...bare, text: 'select 1', policies: 'p' }, 'a');
  const asked = Promise.all([ask(), ask()]);
  pool.tell({ kind: 'forget', key: 'p' });
  for (const answer of await asked) t.match(answer, { ok: true });
  t.same(faults, []);
  t.match(await ask(), { ok: false, sqlstate: 'XX000' }, 'nothing names it any more');
  t.same(faults, ['the judging thread was not told of p']);
});

t.test("3,000 poisonous texts of one client don't keep another's select 1 waiting", async (t) => {
  const pool = new JudgeThreads({ queuePerClientMax: 50 });
  t.teardown(() => pool.close());
  await pool.parse('select 1', 'victim');
  const texts = poisons();
  let sent = 0;
  let isOver = false;
  const attacker = (async () => {
    // Always as many under way as a client may have.
    const send = async (): Promise<void> => {
      while (sent < 3_000) {
        const text = texts[sent++ % texts.length] as string;
        const result = await pool.parse(text, 'attacker');
        if (!result.ok) t.match(result.sqlstate, /^(54000|42601)$/);
      }
    };
    await Promise.all(Array.from({ length: 50 }, send));
    isOver = true;
  })();
  const waitsMs: number[] = [];
  while (!isOver) {
    const started = performance.now();
    t.same(commands(await pool.parse('select 1', 'victim')), ['select']);
    waitsMs.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await attacker;
  waitsMs.sort((a, b) => a - b);
  const median = waitsMs[waitsMs.length >> 1] ?? 0;
  const worst = waitsMs.at(-1) ?? 0;
  t.comment(
    `${waitsMs.length} times, median ${median.toFixed(1)} ms, worst ${worst.toFixed(0)} ms, ${pool.starts} threads`,
  );
  t.ok(waitsMs.length > 20 && median < 500, 'the median wait is that for a text or two');
  t.ok(worst < 8_000, 'no wait is longer than a deadline and a new thread');
});
