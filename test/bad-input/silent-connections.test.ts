import { once } from 'node:events';
import net from 'node:net';
import t from 'tap';
import { answerOf, signIn } from '../support/ask.js';
import { startDaemon } from '../support/daemon.js';
import { residentMb } from '../support/memory.js';
import { startPostgres } from '../support/postgres.js';
import { run } from '../support/process.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const connections = 10_000;
const limit = Number((await run('/bin/sh', ['-c', 'ulimit -n'])).stdout);
const skip = limit < connections + 500 && `a process may have ${limit} files open here`;

t.test('ten thousand connections that say nothing lock nobody out, take little, and go', { skip }, async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const daemon = await startDaemon({
    config: {
      listen: { startupTimeoutMs: 8000 },
      users: { [server.superuser]: { secret: server.password } },
      tenants: { default: { databases: { postgres: { url: server.url } } } },
    },
  });
  t.teardown(() => daemon.stop());
  const neighbour = await signIn(t, daemon, server);
  const before = residentMb(daemon.pid).now;

  const silent: net.Socket[] = [];
  t.teardown(() => {
    for (const socket of silent) socket.destroy();
  });
  let closed = 0;
  const connect = async () => {
    const socket = net.connect({ host: daemon.host, port: daemon.port });
    silent.push(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      closed += 1;
    });
    socket.resume();
    await once(socket, 'connect');
  };
  while (silent.length < connections) await Promise.all(Array.from({ length: 500 }, connect));

  t.equal(await answerOf(neighbour, 'select 1'), '1', 'who is in is served');
  const account = { user: server.superuser, password: server.password, database: 'postgres' };
  const late = await RawClient.connect(daemon, account);
  t.equal(await answerOf(late, 'select 1'), '1', 'who comes is let in');
  await late.destroy();
  const each = ((residentMb(daemon.pid).now - before) * 1024) / connections;
  t.ok(each < 32, `${each.toFixed(1)} kB a connection`);

  await until('all are closed when their time is up', () => closed === connections, 30_000);
  t.equal(await answerOf(neighbour, 'select 1'), '1');
});
