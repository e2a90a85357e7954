import { once } from 'node:events';
import net from 'node:net';
import t, { type Test } from 'tap';
import { createAdmin } from '../../src/admin/admin-server.js';
import type { DaemonView, ReloadResult, StatusReport } from '../../src/admin/daemon-view.js';
import { createLog } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';

const token = 'correct horse'.replace(' ', '-');

const report: StatusReport = {
  version: '0.1.0',
  pid: 1,
  startedAt: '2026-10-01T12:00:00.000Z',
  state: 'ready',
  listening: ['127.0.0.1:6432'],
  clients: { current: 1, max: 10 },
  databases: [],
};

async function start(t: Test, options: { token?: string | null; daemon?: Partial<DaemonView> } = {}) {
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ level: 'info', pretty: false }, { write: (line) => logged.push(JSON.parse(line)) });
  const daemon: DaemonView = {
    isReady: () => true,
    status: () => report,
    reload: async () => ({ ok: true, warnings: [] }),
    ...options.daemon,
  };
  const config = { host: '127.0.0.1', port: 0, token: options.token === undefined ? token : options.token };
  const metrics = new Metrics();
  const admin = createAdmin({ config, daemon, metrics, log });
  t.teardown(() => admin.close());
  const { host, port } = await admin.listen();
  const ask = (path: string, init: RequestInit = {}) => fetch(`http://${host}:${port}${path}`, init);
  return { ask, admin, port, metrics, logged };
}

const as = (authorization: string) => ({ headers: { authorization } });
const withToken = as(`Bearer ${token}`);

t.test('health needs no token', async (t) => {
  let isReady = true;
  const { ask } = await start(t, { daemon: { isReady: () => isReady } });
  t.equal((await ask('/healthz')).status, 200);
  t.equal((await ask('/readyz')).status, 200);
  isReady = false;
  t.equal((await ask('/readyz')).status, 503);
  t.equal((await ask('/healthz')).status, 200, 'draining is not dead');
});

t.test('metrics need no token and are what Prometheus reads', async (t) => {
  const { ask, metrics } = await start(t);
  metrics.bytes.toClients = 7;
  const answer = await ask('/metrics');
  t.equal(answer.status, 200);
  t.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  t.match(await answer.text(), 'pgturnstile_bytes_total{direction="to_client"} 7\n');
});

t.test('status and reload are for who knows the token', async (t) => {
  let reloads = 0;
  const reload = async () => {
    reloads += 1;
    return { ok: true as const, warnings: ['pgturnstile.yaml:3:1 a plain secret'] };
  };
  const { ask, logged } = await start(t, { daemon: { reload } });
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    `Basic ${token}`,
    token,
    `Bearer ${token}x`,
    `Bearer x ${token}`,
  ];
  for (const authorization of wrong) {
    for (const [path, method] of [
      ['/admin/status', 'GET'],
      ['/admin/reload', 'POST'],
    ] as const) {
      const answer = await ask(path, { method, ...as(authorization) });
      t.equal(answer.status, 401, authorization);
      t.equal(answer.headers.get('www-authenticate'), 'Bearer');
      t.notMatch(await answer.text(), token);
    }
  }
  t.equal(reloads, 0);
  t.equal(logged.length, 1, 'one line, not one a guess');
  t.match(logged[0], { level: 'warn', address: '127.0.0.1' });
  t.same(await (await ask('/admin/status', withToken)).json(), report);
  const answer = await ask('/admin/reload', { method: 'POST', ...withToken });
  t.same([answer.status, await answer.json()], [200, { ok: true, warnings: ['pgturnstile.yaml:3:1 a plain secret'] }]);
  t.equal(reloads, 1);
});

for (const none of [null, '']) {
  t.test(`without a token (${JSON.stringify(none)}) status and reload are for nobody`, async (t) => {
    const { ask } = await start(t, { token: none });
    for (const authorization of ['', 'Bearer', 'Bearer ', 'Bearer null']) {
      t.equal((await ask('/admin/status', as(authorization))).status, 403);
      t.equal((await ask('/admin/reload', { method: 'POST', ...as(authorization) })).status, 403);
    }
    t.equal((await ask('/healthz')).status, 200);
  });
}

t.test('after a reload another token is the right one', async (t) => {
  const { ask, admin } = await start(t);
  admin.reload({ host: '127.0.0.1', port: 0, token: 'another' });
  t.equal((await ask('/admin/status', withToken)).status, 401);
  t.equal((await ask('/admin/status', as('Bearer another'))).status, 200);
});

t.test('a reload that fails says why', async (t) => {
  const result: ReloadResult = { ok: false, problems: ['pgturnstile.yaml:12:7 no such key; remove it'] };
  const { ask } = await start(t, { daemon: { reload: async () => result } });
  const answer = await ask('/admin/reload', { method: 'POST', ...withToken });
  t.same([answer.status, await answer.json()], [422, result]);
});

t.test('reload is only for POST, and whatever comes with it is let go', async (t) => {
  const { ask } = await start(t);
  t.equal((await ask('/admin/reload', withToken)).status, 404);
  for (const [type, body] of [
    ['application/json', '{"a":'],
    ['text/plain', 'x'],
    ['application/octet-stream', '\0'],
  ] as const) {
    const headers = { ...withToken.headers, 'content-type': type };
    t.equal((await ask('/admin/reload', { method: 'POST', headers, body })).status, 200, type);
  }
});

t.test('a body beyond the bound is refused', async (t) => {
  const { ask } = await start(t);
  const body = 'x'.repeat(100_000);
  const answer = await ask('/admin/reload', { method: 'POST', ...withToken, body });
  t.equal(answer.status, 413);
});

t.test('what is not there is 404 without a word about it', async (t) => {
  const { ask } = await start(t);
  for (const path of ['/', '/admin', '/admin/', '/metrics/..', '/%00', '/admin/status/x', '/__proto__']) {
    const answer = await ask(path, withToken);
    t.equal(answer.status, 404, path);
    t.same(await answer.json(), { error: 'not found' });
  }
});

t.test('an error inside shows nothing outside', async (t) => {
  const status = () => {
    throw new Error('postgres://app:hunter2@db/sales');
  };
  const { ask, logged } = await start(t, { daemon: { status } });
  const answer = await ask('/admin/status', withToken);
  t.equal(answer.status, 500);
  t.same(await answer.json(), { error: 'internal error' });
  t.match(logged, [{ level: 'error', route: '/admin/status' }]);
  t.notMatch(JSON.stringify(logged), 'hunter2');
});

t.test('what is no HTTP is answered 400 and closed', async (t) => {
  const { port, ask } = await start(t);
  const socket = net.connect(port, '127.0.0.1');
  let said = '';
  socket.on('data', (data) => {
    said += data;
  });
  socket.write('\x16\x03\x01garbage\r\n\r\n');
  await once(socket, 'close');
  t.match(said, /^HTTP\/1\.1 400 /);
  t.notMatch(said, / {4}at /);
  t.equal((await ask('/healthz')).status, 200);
});

t.test('close does not wait for a scraper that stays connected', async (t) => {
  const { port, admin } = await start(t);
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'data');
  const closed = once(socket, 'close');
  await admin.close();
  await closed;
  t.pass('closed');
});

t.test('a port that is taken is an error that says so', async (t) => {
  const { port } = await start(t);
  const log = createLog({ level: 'silent', pretty: false });
  const daemon = {
    isReady: () => true,
    status: () => report,
    reload: async () => ({ ok: true as const, warnings: [] }),
  };
  const second = createAdmin({ config: { host: '127.0.0.1', port, token }, daemon, metrics: new Metrics(), log });
  t.teardown(() => second.close());
  await t.rejects(second.listen(), { code: 'EADDRINUSE' });
});
