import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { checkConfig } from '../../src/commands/check-config.js';
import { initialise } from '../../src/commands/init.js';
import { loadConfig } from '../../src/config/load-config.js';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import { verifyPassword } from '../../src/scram/secret.js';
import { mockVerifier } from '../../src/scram/verifier.js';

t.test('what it writes passes check without a warning', async (t) => {
  const folder = t.testdir({});
  await initialise(path.join(folder, 'new', 'place'));
  const file = path.join(folder, 'new', 'place', 'pgturnstile.yaml');
  const threads = new JudgeThreads({ deadlineMs: 60_000 });
  t.teardown(() => threads.close());
  const report = await checkConfig(file, { env: {}, threads, visit: null, now: new Date() });
  t.match(report, { ok: true, errors: [], warnings: [] });
  t.same(report.counts, { tenants: 1, databases: 1, users: 1, policies: 1, cases: 2 });
});

t.test('the first user logs in with the password that was shown, which is written nowhere', async (t) => {
  const folder = t.testdir({});
  const { user, password, files } = await initialise(folder);
  const config = await loadConfig(path.join(folder, 'pgturnstile.yaml'), {});
  const secret = config.users.get(user)?.secret ?? null;
  t.equal(await verifyPassword(user, password, secret, mockVerifier('', Buffer.alloc(32))), true);
  t.ok(password.length >= 20);
  for (const file of files) t.notMatch(readFileSync(path.join(folder, file), 'utf8'), password);
});

t.test('two of them share no password and no key', async (t) => {
  const [one, other] = [path.join(t.testdir({}), 'one'), path.join(t.testdirName, 'other')];
  t.not((await initialise(one)).password, (await initialise(other)).password);
  const keyOf = (folder: string) => readFileSync(path.join(folder, 'certs/server.key'), 'utf8');
  t.not(keyOf(one), keyOf(other));
});

t.test('the configuration can be read by its owner alone', async (t) => {
  const folder = t.testdir({});
  await initialise(folder);
  t.equal(statSync(path.join(folder, 'pgturnstile.yaml')).mode & 0o777, 0o600);
});

t.test('where one of its files is there nothing is written', async (t) => {
  for (const name of ['pgturnstile.yaml', 'policies', 'certs']) {
    const present = name === 'pgturnstile.yaml' ? 'x' : { 'example.yaml': 'x', 'ca.key': 'x' };
    const folder = t.testdir({ [name]: present });
    await t.rejects(initialise(folder), {
      code: 'configInvalid',
      message: /is there already; name an empty directory/,
    });
    t.same(readdirSync(folder), [name]);
  }
});

t.test('a .gitignore that is there is kept', async (t) => {
  const folder = t.testdir({});
  writeFileSync(path.join(folder, '.gitignore'), 'mine\n');
  await initialise(folder);
  t.equal(readFileSync(path.join(folder, '.gitignore'), 'utf8'), 'mine\n');
});

t.test('the environment names the account at the server', async (t) => {
  const folder = t.testdir({});
  await initialise(folder);
  const config = await loadConfig(path.join(folder, 'pgturnstile.yaml'), { APP_USER: 'app', APP_PASSWORD: 'p%2Fw' });
  const upstream = config.tenants.get('default')?.databases.get('*')?.upstream;
  t.match(upstream, { user: 'app', password: 'p/w', database: '*' });
});
