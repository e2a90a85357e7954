import t from 'tap';
import type { ConfigError } from '../../src/config/config-error.js';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import { readPolicies } from '../../src/judge/read-policies.js';

const threads = new JudgeThreads({ deadlineMs: 60_000 });
t.teardown(() => threads.close());

const read = (policy: string) => readPolicies([{ file: 'p.yaml', text: policy }], threads);
const issuesOf = (policy: string): Promise<readonly string[]> =>
  read(policy).then(
    () => [],
    (error: ConfigError) => error.message.split('\n'),
  );

t.test('what is not SQL in rows, checks and masks is told with its place, before anything is in force', async (t) => {
  const policy = `version: 1
masks:
  broken: "left(value, 4"
rules:
  - name: r
    tables: [public.people]
    actions: [select, update]
    rows: "region = "
    check: "region == 'EU' and or id > 1"
    columns: { mask: { name: "value 'x' 'y'", born: "'é' ||" } }
`;
  t.same(await issuesOf(policy.replace(/masks:\n.*\n/, '')), [
    'p.yaml:6:5 rules[0].rows: syntax error at its end; correct it',
    'p.yaml:7:5 rules[0].check: syntax error at or near "or"; correct it',
    `p.yaml:8:24 rules[0].columns.mask.name: syntax error at or near "'y'"; correct it`,
    'p.yaml:8:47 rules[0].columns.mask.born: syntax error at its end; correct it',
  ]);
  t.match(await issuesOf(policy), [/^p\.yaml:3:3 masks\.broken: has a bracket without its end/]);
});

t.test("an expression is read with a literal for each of the session's values", async (t) => {
  const rule = (rows: string) =>
    `version: 1\nrules:\n  - { name: r, tables: [public.people], actions: [select], rows: "${rows}" }\n`;
  const values = 'region = any(:user.regions) and born > date :user.since and t = :tenant.id and u = :session.user';
  t.same(await issuesOf(rule(values)), []);
  t.match(await read(rule(values)), { files: [{ rules: [{ rows: { text: values } }] }] });
});

t.test('a parser that has no time for it is no reason to refuse a policy', async (t) => {
  const busy = new JudgeThreads({ queueMax: 0 });
  t.teardown(() => busy.close());
  const rule = '{ name: r, tables: [public.people], actions: [select], rows: "region =" }';
  const source = { file: 'p.yaml', text: `version: 1\nrules: [${rule}]\n` };
  t.match(await readPolicies([source], busy), { files: [{ rules: [{ name: 'r' }] }] });
});
