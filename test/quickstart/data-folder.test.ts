import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { defaultDataFolder, draftName, openDataFolder, publish } from '../../src/quickstart/data-folder.js';

const isRoot = process.getuid?.() === 0;

/** Not `t.testdir`: that one may lie where the database's account may not enter. */
function temporary(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-data-'));
  chmodSync(folder, 0o755);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

t.test('it is where XDG_DATA_HOME says, when that is absolute', async (t) => {
  t.equal(defaultDataFolder({ XDG_DATA_HOME: '/somewhere' }), '/somewhere/pgturnstile');
  const usual = isRoot ? '/var/lib/pgturnstile' : path.join(homedir(), '.local/share/pgturnstile');
  t.equal(defaultDataFolder({}), usual);
  t.equal(defaultDataFolder({ XDG_DATA_HOME: 'relative' }), usual, 'the specification has a relative one ignored');
});

t.test('it is made with what leads to it, and closed to others', async (t) => {
  const folder = path.join(temporary(t), 'a', 'b');
  const opened = await openDataFolder(folder);
  t.equal(opened.path, folder);
  t.equal(statSync(folder).mode & 0o077, isRoot ? 0o011 : 0, 'at most the way through is free');
});

t.test('the permissions of a folder that was there stay', async (t) => {
  const folder = temporary(t);
  chmodSync(folder, 0o775);
  await openDataFolder(folder);
  t.equal(statSync(folder).mode & 0o777, 0o775);
});

t.test('drafts of processes that ended are removed, those of living ones stay', async (t) => {
  const folder = temporary(t);
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const [dead, own] = [path.join(folder, `draft-${pid}-x`), path.join(folder, `${draftName()}x`)];
  for (const draft of [dead, own]) mkdirSync(draft);
  await openDataFolder(folder);
  t.notOk(existsSync(dead));
  t.ok(existsSync(own));
});

t.test('of two that publish the same the first stays', async (t) => {
  const folder = temporary(t);
  const [first, second, target] = ['first', 'second', 'target'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const draft of [first, second]) {
    mkdirSync(draft);
    writeFileSync(path.join(draft, path.basename(draft)), '');
  }
  await publish(first, target);
  await publish(second, target);
  t.ok(existsSync(path.join(target, 'first')));
  t.notOk(existsSync(path.join(target, 'second')));
});

t.test('a file in its place is an error that says what to do', async (t) => {
  const file = path.join(temporary(t), 'file');
  writeFileSync(file, '');
  await t.rejects(openDataFolder(file), { code: 'configInvalid', message: /name another folder with --data/ });
});

t.test('a way that the database may not go is an error', { skip: !isRoot && 'only root can' }, async (t) => {
  const folder = temporary(t);
  chmodSync(folder, 0o700);
  const message = new RegExp(`may not enter ${folder}; name another folder with --data`);
  await t.rejects(openDataFolder(path.join(folder, 'data')), { code: 'configInvalid', message });
});
