import t from 'tap';
import { casesFileOf, runCases } from '../../src/policy/cases.js';
import { parseStatements } from '../../src/sql/parser/parse-statements.js';

const policy = { file: 'p.yaml', text: 'version: 1\nrules: [{ name: read, tables: [public.t], actions: [select] }]' };
const run = (text: string) =>
  runCases(policy, { file: 'p.cases.yaml', text }, async (sql) => parseStatements(sql).result);

t.test('cases that come out as written leave nothing to say', async (t) => {
  const text = `user: ann
cases:
  - { sql: table t, verdict: allow, rules: [read] }
  - { sql: table u, verdict: deny, message: '"select" on public.u' }
  - { sql: table u, user: bob, roles: [x], database: d, searchPath: other, verdict: deny, message: other.u, rules: [] }
  - { sql: selct, verdict: deny, message: syntax error }`;
  t.same(await run(text), { cases: 4, issues: [] });
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
  await t.rejects(
    runCases({ file: 'p', text: 'version: 7' }, { file: 'c', text: '' }, async (sql) => parseStatements(sql).result),
  );
});

t.test('cases lie beside their policy', async (t) => {
  t.same(['a/shop.yaml', 'shop.yml', 'shop'].map(casesFileOf), [
    'a/shop.cases.yaml',
    'shop.cases.yaml',
    'shop.cases.yaml',
  ]);
});
