import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { parseConfig } from '../../src/config/load-config.js';
import { startDaemon } from '../../src/main.js';
import { createLog } from '../../src/telemetry/log.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { query } from '../support/raw-messages.js';
import { hold, type Sequence } from './sequence.js';
import { sequences } from './sequences.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');
await server.query("insert into item values (1, 'one'), (2, 'two'), (3, 'three')");

const login = { user: 'postgres', password: server.password, database: 'postgres' };

async function conversation(port: number, sequence: Sequence): Promise<string[]> {
  const client = await RawClient.connect({ port }, login);
  try {
    return await hold(client, sequence);
  } finally {
    await client.destroy();
  }
}

async function startProxy(mode: 'session' | 'transaction' | 'auto') {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-differential-'));
  const yaml = `
    listen: { port: 0 }
    users: { postgres: { secret: ${server.password} } }
    tenants: { default: { databases: { postgres: { url: '${server.url}', pool: { mode: ${mode}, size: 3 } } } } }
    admin: off
    audit: { file: ${path.join(folder, 'audit.jsonl')} }`;
  const config = parseConfig(yaml, path.join(folder, 'pgturnstile.yaml'), {});
  const log = createLog({ level: 'silent', pretty: false });
  const daemon = await startDaemon({ config, reloadConfig: async () => config, log });
  const stop = async () => {
    await daemon.stop();
    rmSync(folder, { recursive: true });
  };
  return { port: daemon.listening.port, stop };
}

const expected = new Map<string, string[]>();
for (const sequence of sequences) expected.set(sequence.name, await conversation(server.port, sequence));

t.ok(expected.size >= 100, `${expected.size} sequences`);
t.equal(expected.size, sequences.length, 'each has a name of its own');

for (const mode of ['session', 'transaction', 'auto'] as const) {
  t.test(`a client can't tell the proxy from the server, pool mode ${mode}`, async (t) => {
    const proxy = await startProxy(mode);
    t.teardown(proxy.stop);
    // Two others use the pool in between, so that what one client leaves would be met by the next.
    const others = [
      await RawClient.connect({ port: proxy.port }, login),
      await RawClient.connect({ port: proxy.port }, login),
    ];
    t.teardown(() => Promise.all(others.map((other) => other.destroy())));
    for (const sequence of sequences) {
      const heard = await conversation(proxy.port, sequence).catch((error: Error) => [error.message]);
      t.same(heard, expected.get(sequence.name), sequence.name);
      for (const other of others) {
        other.send(query("set timezone to 'Asia/Kathmandu'; show timezone"));
        await other.readUntilReady();
      }
    }
  });
}
