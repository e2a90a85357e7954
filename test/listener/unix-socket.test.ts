import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { clearUnixSocket, unixSocketPath } from '../../src/listener/unix-socket.js';

function folder(t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'pgt-unix-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A socket whose process died without a word. */
function leaveStaleSocket(socketPath: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
}

t.test('it is where libpq looks for it', async (t) => {
  t.equal(unixSocketPath('/run/pgturnstile', 6432), '/run/pgturnstile/.s.PGSQL.6432');
});

t.test('where there is no socket nothing has to be removed', async (t) => {
  await t.resolves(clearUnixSocket(path.join(folder(t), '.s.PGSQL.1')));
});

t.test('a socket that a dead process left is removed', async (t) => {
  const socketPath = unixSocketPath(folder(t), 1);
  leaveStaleSocket(socketPath);
  t.ok(statSync(socketPath).isSocket());
  await clearUnixSocket(socketPath);
  t.notOk(existsSync(socketPath));
});

t.test('one that somebody answers at stays', async (t) => {
  const socketPath = unixSocketPath(folder(t), 1);
  const server = createServer((socket) => socket.destroy()).listen(socketPath);
  await once(server, 'listening');
  t.teardown(() => server.close());
  await t.rejects(clearUnixSocket(socketPath), { message: /could not bind Unix address ".*": Address already in use/ });
  t.ok(existsSync(socketPath));
});

t.test('a file that is no socket stays', async (t) => {
  const socketPath = unixSocketPath(folder(t), 1);
  writeFileSync(socketPath, 'precious');
  await t.rejects(clearUnixSocket(socketPath), { message: /is not a socket/ });
  t.ok(existsSync(socketPath));
});

t.test('a path that the system would cut is refused', async (t) => {
  const socketPath = unixSocketPath(`/${'x'.repeat(100)}`, 1);
  await t.rejects(clearUnixSocket(socketPath), { message: /too long \(maximum 10[37] bytes\)/ });
});
