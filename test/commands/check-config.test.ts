import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { type CheckDependencies, checkConfig } from '../../src/commands/check-config.js';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import { createAuthority } from '../support/certificates.js';

const threads = new JudgeThreads({ deadlineMs: 60_000 });
t.teardown(() => threads.close());

const dependencies: CheckDependencies = { env: {}, threads, visit: null, now: new Date() };

const url = 'url: "postgres://app@db/sales"';

function write(t: Test, yaml: string, others: Record<string, string> = {}): string {
  const folder = t.testdir({ 'pgturnstile.yaml': yaml, ...others });
  for (const name of Object.keys(others)) chmodSync(path.join(folder, name), 0o600);
  return path.join(folder, 'pgturnstile.yaml');
}

t.test('a file in which all is well is counted', async (t) => {
  const file = write(
    t,
    `users: { alice: {} }\ntenants: { default: { users: { bob: {} }, databases: { sales: { ${url} } } } }`,
  );
  t.same(await checkConfig(file, dependencies), {
    file,
    ok: true,
    errors: [],
    failedCases: [],
    warnings: [],
    notes: [],
    counts: { tenants: 1, databases: 1, users: 2, policies: 0, cases: 0 },
  });
});

t.test('a file that cannot be used has its complaints with their places, and no counts', async (t) => {
  const file = write(t, 'listen: { prot: 1 }\nlog: { level: x }');
  const report = await checkConfig(file, dependencies);
  t.match(report, {
    ok: false,
    counts: null,
    errors: [
      { file, line: 1, column: 11 },
      { file, line: 2, column: 8 },
    ],
  });
});

t.test('warnings do not make it invalid', async (t) => {
  const { ok, warnings } = await checkConfig(write(t, 'users: { alice: { secret: hunter2 } }'), dependencies);
  t.equal(ok, true);
  t.match(warnings.join('\n'), /password in clear/);
});

t.test('certificates are read as the daemon would', async (t) => {
  const pair = createAuthority().issue('localhost', ['localhost']);
  const yaml = `listen: { tls: { cert: a.crt, key: a.key } }\ntenants: { default: { databases: { sales: { ${url} } } } }`;
  t.match(await checkConfig(write(t, yaml, { 'a.crt': pair.cert, 'a.key': pair.key }), dependencies), { ok: true });
  const missing = await checkConfig(write(t, yaml), dependencies);
  t.match(missing.errors, [
    { file: /a\.crt$/, message: 'could not read the server certificate: there is no such file' },
  ]);
  const late = { ...dependencies, now: new Date(Date.now() + 90 * 24 * 3600 * 1000) };
  const expired = await checkConfig(write(t, yaml, { 'a.crt': pair.cert, 'a.key': pair.key }), late);
  t.equal(expired.ok, true);
  t.match(expired.warnings, [/a\.crt has expired on \d{4}-\d\d-\d\d; renew it/]);
});

t.test('the root certificates of upstreams are read, those of control accounts as well', async (t) => {
  const keys =
    '{ url: "postgres://db/?sslrootcert=none.crt", control: { url: "postgres://c@db/?sslrootcert=nor.crt" } }';
  const { errors } = await checkConfig(write(t, `tenants: { default: { databases: { '*': ${keys} } } }`), dependencies);
  t.match(
    errors.map(({ file, message }) => `${path.basename(file)}: ${message}`),
    [/none\.crt: could not read the root certificate/, /nor\.crt: could not read the root certificate/],
  );
});

const policed = `tenants: { default: { policies: [p.yaml], databases: { sales: { ${url} } } } }`;

t.test('policies are loaded, and what is wrong in them is said with its place', async (t) => {
  const file = write(t, policed, { 'p.yaml': 'version: 1\nrules:\n  - { nmae: x }' });
  t.match(await checkConfig(file, dependencies), {
    ok: false,
    errors: [{ file: /p\.yaml$/, line: 3, column: 5 }, { line: 3 }, { line: 3 }, { line: 3, column: 7, hint: /name/ }],
    counts: { policies: 1 },
  });
});

t.test('what can never match, or is probably not meant, is warned about where it stands', async (t) => {
  const text = `version: 1
rules:
  - { name: reads, tables: [public.orders], actions: [select] }
  - { name: old, roles: [nobody-has-it], databases: [gone], tables: [public.orders], actions: [select] }
catalog: visible
`;
  const yaml = `users: { ann: { roles: [analyst] } }\n${policed}`;
  const { ok, warnings } = await checkConfig(write(t, yaml, { 'p.yaml': text }), dependencies);
  t.equal(ok, true);
  t.match(warnings, [
    /p\.yaml:4:\d+ rules\[1\]\.roles: no user has such a role/,
    /p\.yaml:4:\d+ rules\[1\]\.databases: there is no such database/,
    /user "ann" has the role "analyst", which no policy names/,
  ]);
});

t.test('a policy that is too large, or no text, is an error like any other', async (t) => {
  const large = await checkConfig(write(t, policed, { 'p.yaml': `#${'x'.repeat(9 << 20)}` }), dependencies);
  t.match(large.errors, [{ file: /p\.yaml$/, message: 'the file is larger than 8 MiB' }]);
  const file = write(t, policed, { 'p.yaml': '' });
  writeFileSync(path.join(path.dirname(file), 'p.yaml'), Buffer.from([0xff, 0xfe]));
  t.match((await checkConfig(file, dependencies)).errors, [{ message: 'the file is not UTF-8' }]);
});

const policy = 'version: 1\nrules: [{ name: reads, tables: [public.orders], actions: [select] }]\ncatalog: visible';
const cases = (verdict: string): string => `
user: alice
cases:
  - { sql: select * from orders, verdict: allow, rules: [reads] }
  - { sql: delete from orders, verdict: ${verdict} }
  - { sql: selec, verdict: deny }
`;

t.test('the verdict cases beside a policy are run', async (t) => {
  const real = dependencies;
  const right = await checkConfig(write(t, policed, { 'p.yaml': policy, 'p.cases.yaml': cases('deny') }), real);
  t.match(right, { ok: true, errors: [], failedCases: [], counts: { policies: 1, cases: 3 } });
  const wrong = await checkConfig(write(t, policed, { 'p.yaml': policy, 'p.cases.yaml': cases('allow') }), real);
  t.match(wrong, { ok: false, errors: [], counts: { cases: 3 } });
  t.match(wrong.failedCases, [{ file: /p\.cases\.yaml$/, line: 5, hint: 'the case expects allow' }]);
  const broken = await checkConfig(write(t, policed, { 'p.yaml': policy, 'p.cases.yaml': 'casse: []' }), real);
  t.match(broken, { ok: false, failedCases: [] });
  t.match(broken.errors[0], { file: /p\.cases\.yaml$/, line: 1 });
});

t.test('a policy file that is missing is an error', async (t) => {
  const { ok, errors } = await checkConfig(write(t, policed), dependencies);
  t.equal(ok, false);
  t.match(errors, [{ file: /p\.yaml$/, message: 'there is no such file', hint: 'check tenants.default.policies' }]);
});

t.test('an error of the program itself is not passed off as one of the file', async (t) => {
  const file = write(t, policed, { 'p.yaml': policy, 'p.cases.yaml': cases('deny') });
  const broken = Object.assign(Object.create(threads), {
    ask: () => {
      throw new TypeError('a bug');
    },
    tell: () => {},
  });
  await t.rejects(checkConfig(file, { ...dependencies, threads: broken }), { message: 'a bug' });
});
