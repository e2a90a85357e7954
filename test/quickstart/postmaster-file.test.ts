import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { awaitNoPostmaster, readPostmasterFile } from '../../src/quickstart/postmaster-file.js';

const linesOf = (processId: number, status: string): string =>
  [processId, '/data', 1700000000, 5432, '', '127.0.0.1', '  123  456', `${status}   `, ''].join('\n');

t.test('a server that runs is read from its file, and none from no file', async (t) => {
  const folder = t.testdir({ 'postmaster.pid': linesOf(4711, 'ready') });
  t.same(await readPostmasterFile(folder), { processId: 4711, status: 'ready' });
  t.equal(await readPostmasterFile(path.join(folder, 'none')), null);
});

t.test('a file that is only half written has no status', async (t) => {
  t.same(await readPostmasterFile(t.testdir({ 'postmaster.pid': '4711\n' })), { processId: 4711, status: '' });
});

t.test('what a dead server left is taken away', async (t) => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  for (const content of [linesOf(pid, 'ready'), '', 'nonsense', '-1\n']) {
    const folder = t.testdir({ 'postmaster.pid': content });
    await awaitNoPostmaster(folder);
    t.notOk(existsSync(path.join(folder, 'postmaster.pid')));
  }
});

const isLinux = process.platform === 'linux';

t.test('a process that got a dead server’s id is not taken for it', { skip: !isLinux && 'no /proc' }, async (t) => {
  const folder = t.testdir({ 'postmaster.pid': linesOf(process.pid, 'ready') });
  await awaitNoPostmaster(folder);
  t.notOk(existsSync(path.join(folder, 'postmaster.pid')));
});

t.test('a server that lives is waited for, and not touched', { skip: !isLinux && 'no /proc' }, async (t) => {
  const folder = t.testdir();
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = once(child, 'exit');
  const file = path.join(folder, 'postmaster.pid');
  writeFileSync(file, linesOf(child.pid ?? 0, 'ready'));
  await t.rejects(awaitNoPostmaster(folder), { code: 'configInvalid', message: /is in use \(process \d+\)/ });
  t.equal(child.exitCode ?? child.signalCode, null, 'it still runs');
  writeFileSync(file, linesOf(child.pid ?? 0, 'stopping'));
  const free = awaitNoPostmaster(folder);
  child.stdin.end();
  await gone;
  await free;
  t.notOk(existsSync(file));
});
