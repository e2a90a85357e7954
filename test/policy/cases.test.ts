import t from 'tap';
import { type CaseJudge, casesFileOf, runCases } from '../../src/policy/cases.js';
import { decide } from '../../src/policy/decide.js';
import { parseStatements } from '../../src/sql/parser/parse-statements.js';

const policy = { file: 'p.yaml', text: 'version: 1\nrules: [{ name: read, tables: [public.t], actions: [select] }]' };

/** By the text alone. */
const byText: CaseJudge = async (policies, who, sql) => {
  const { result } = parseStatements(sql);
  const { verdict, message, rules } = result.ok
    ? decide(policies, who, result.statements)
    : { verdict: 'deny' as const, message: result.message, rules: [] };
  return { verdict, message, rules, sent: sql, isBound: false };
};

const run = (text: string, judge = byText) => runCases(policy, { file: 'p.cases.yaml', text }, judge);

t.test('cases that come out as written leave nothing to say', async (t) => {
  const text = `user: ann
cases:
  - { sql: table t, verdict: allow, rules: [read] }
  - { sql: table u, verdict: deny, message: '"select" on public.u' }
  - { sql: table u, user: bob, roles: [x], database: d, searchPath: other, verdict: deny, message: other.u, rules: [] }
  - { sql: selct, verdict: deny, message: syntax error }`;
  t.same(await run(text), { cases: 4, issues: [], undecided: 0 });
});

t.test('a case that comes out differently is told with its place', async (t) => {
  const text = `user: ann
cases:
  - { sql: table u, verdict: allow }
  - { sql: table t, verdict: deny }
  - { sql: table u, verdict: deny, message: other words }
  - { sql: table t, verdict: allow, rules: [] }`;
  const { issues } = await run(text);
  t.match(issues, [
    {
      file: 'p.cases.yaml',
      line: 3,
      message: /^cases\[0\]: is denied: .*"select" on public\.u/,
      hint: 'the case expects allow',
    },
    { line: 4, message: 'cases[1]: is allowed', hint: 'the case expects deny' },
    { line: 5, message: /is denied with other words/ },
    { line: 6, message: 'cases[3]: is decided by "read"' },
  ]);
});

t.test('a file that is no list of cases is refused', async (t) => {
  for (const text of [
    '',
    'cases: []',
    'user: a\ncases: [{ sql: table t }]',
    'cases: [{ sql: table t, verdict: allow }]',
    'user: a\ncases: [{ sql: a, verdict: maybe }]',
    'user: a\nsearchPath: pg_temp\ncases: [{ sql: a, verdict: deny }]',
    'x: 1',
  ]) {
    await t.rejects(run(text), { name: 'ConfigError' }, text);
  }
  await t.rejects(runCases({ file: 'p', text: 'version: 7' }, { file: 'c', text: '' }, byText));
});

t.test('what is sent can be expected, where it is known what that is', async (t) => {
  const text = `user: ann
cases:
  - { sql: table t, verdict: allow, sent: where }
  - { sql: table t, verdict: allow, sent: table }`;
  t.same(await run(text), { cases: 2, issues: [], undecided: 2 });
  const bound: CaseJudge = async (...asked) => ({ ...(await byText(...asked)), isBound: true });
  const { issues, undecided } = await run(text, bound);
  t.equal(undecided, 0);
  t.match(issues, [{ line: 3, message: 'cases[0]: is sent as table t', hint: 'the case expects "where" in it' }]);
});

t.test('without a catalog a refusal of what a restriction hides cannot be told', async (t) => {
  const hiding = {
    file: 'p.yaml',
    text: 'version: 1\nrules: [{ name: r, tables: [public.t], actions: [select], columns: { hide: [b] } }]',
  };
  const text = `user: ann
cases:
  - { sql: select b from t, verdict: deny }
  - { sql: select b from u, verdict: allow }`;
  const { issues, undecided } = await runCases(hiding, { file: 'p.cases.yaml', text }, byText);
  t.equal(undecided, 1);
  t.match(issues, [{ line: 4, message: /is denied/ }]);
});

t.test('the cases of a policy are in a file beside it, of its name and .cases.yaml', async (t) => {
  t.same(['a/shop.yaml', 'shop.yml', 'shop'].map(casesFileOf), [
    'a/shop.cases.yaml',
    'shop.cases.yaml',
    'shop.cases.yaml',
  ]);
});
