import { chmodSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { type CheckReport, checkConfig } from '../../src/commands/check-config.js';
import { visitDatabase } from '../../src/commands/visit-database.js';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import { freePort } from '../support/ports.js';
import { startPostgres } from '../support/postgres.js';

const server = await startPostgres();
const threads = new JudgeThreads({ deadlineMs: 60_000 });
t.teardown(async () => {
  await threads.close();
  await server.stop();
});
await server.query(`
  create table people (id int primary key, name text, born date, region text);
  create role plain login password 'pw'; grant select on people to plain`);

const head = 'version: 1\nrules:\n';

/** Checks a policy in front of the database. */
async function check(t: Test, policy: string, url = server.url, cases?: string): Promise<CheckReport> {
  const yaml = `users: { ann: { attributes: { regions: [EU] } } }
tenants: { default: { databases: { sales: { url: '${url}' } }, policies: [p.yaml] } }`;
  const files = { 'pgturnstile.yaml': yaml, 'p.yaml': `${head}${policy}\ncatalog: visible\n` };
  const folder = t.testdir(cases === undefined ? files : { ...files, 'p.cases.yaml': cases });
  chmodSync(path.join(folder, 'pgturnstile.yaml'), 0o600);
  return checkConfig(path.join(folder, 'pgturnstile.yaml'), {
    env: {},
    threads,
    visit: visitDatabase,
    now: new Date(),
  });
}

const reading = (keys: string) => `  - { name: r, tables: [public.people], actions: [select], ${keys} }`;

t.test('expressions of the wrong type are found, with their place', async (t) => {
  const wrong = await check(
    t,
    reading(`rows: "region", columns: { mask: { born: "'hidden'", name: "1 + array[1]", id: "'x'" } }`),
  );
  t.equal(wrong.ok, false);
  t.match(
    wrong.errors.map(({ file, line, message }) => `${path.basename(file)}:${line} ${message}`),
    [
      /^p\.yaml:3 rules\[0\]\.rows: has a value of type text where it takes a boolean/,
      /^p\.yaml:3 rules\[0\]\.columns\.mask\.born: hangs on the client's DateStyle by conversion to date/,
      /^p\.yaml:3 rules\[0\]\.columns\.mask\.name: can't be bound along pg_catalog and public: operator does not exist/,
      /^p\.yaml:3 rules\[0\]\.columns\.mask\.id: the server refuses it: 22P02: invalid input syntax for type integer/,
    ],
  );
  const right = await check(t, reading(`rows: "region = any(:user.regions)", columns: { mask: { name: "'x'" } }`));
  t.match(right, { ok: true, errors: [] });
});

t.test('columns and tables that are not there are told, with what was meant', async (t) => {
  const report = await check(t, reading('columns: { hide: [nmae] }'));
  t.match(report.errors, [{ line: 3, message: /people has no column nmae/, hint: 'did you mean name?' }]);
  const { warnings } = await check(t, '  - { name: r, tables: [public.poeple], actions: [select] }');
  t.match(warnings.join('\n'), /p\.yaml:3:\d+ rules\[0\]\.tables\[0\]: is no relation .*did you mean public\.people\?/);
});

t.test('an account that is a superuser is warned about, a plain one is not', async (t) => {
  t.match((await check(t, reading(''))).warnings.join('\n'), /database sales: its account is a superuser/);
  const plain = await check(t, reading(''), server.urlFor('postgres', 'plain', 'pw'));
  t.notMatch(plain.warnings.join('\n'), /superuser/);
});

const cases = `user: ann
attributes: { regions: [EU] }
cases:
  - { sql: select name from people, verdict: allow, sent: EU }
  - { sql: select born from people, verdict: deny, message: column "born" does not exist }
  - { sql: delete from people, verdict: deny }
`;
const hiding = reading('rows: "region = any(:user.regions)", columns: { hide: [born] }');

t.test('cases are judged with the catalog of the database', async (t) => {
  t.match(await check(t, hiding, server.url, cases), { ok: true, failedCases: [], notes: [], counts: { cases: 3 } });
  const wrong = await check(t, reading(''), server.url, cases);
  t.match(
    wrong.failedCases.map(({ line, message }) => `${line} ${message}`),
    [/^4 cases\[0\]: is sent as select name from /, /^5 cases\[1\]: is allowed/],
  );
});

t.test('without the database, what can be said is said, and what cannot be decided is told', async (t) => {
  const url = `postgres://app@127.0.0.1:${await freePort()}/x`;
  const report = await check(t, hiding, url, cases);
  t.match(report, { ok: true, failedCases: [] });
  t.match(report.notes, [/^database sales could not be asked.*ECONNREFUSED/, /2 of 3 cases can't be decided/]);
  const broken = await check(t, reading('rows: "region ="'), url);
  t.match(broken, { ok: false, errors: [{ line: 3, message: 'rules[0].rows: syntax error at its end' }] });
});
