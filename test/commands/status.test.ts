import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import { createAdmin } from '../../src/admin/admin-server.js';
import type { StatusReport } from '../../src/admin/daemon-view.js';
import { fetchStatus, statusCommand } from '../../src/commands/status.js';
import { createLog } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { freePort } from '../support/ports.js';

const file = 'pgturnstile.yaml';

const report: StatusReport = {
  version: '0.1.0',
  pid: 1,
  startedAt: '2026-10-01T12:00:00.000Z',
  state: 'draining',
  listening: ['127.0.0.1:6432'],
  clients: { current: 1, max: 10 },
  databases: [],
};

async function startAdmin(t: Test, token: string): Promise<number> {
  const log = createLog({ level: 'silent', pretty: false });
  const daemon = {
    isReady: () => true,
    status: () => report,
    reload: async () => ({ ok: true as const, warnings: [] }),
  };
  const config = { host: '127.0.0.1', port: 0, token };
  const admin = createAdmin({ config, daemon, metrics: new Metrics(), log });
  t.teardown(() => admin.close());
  return (await admin.listen()).port;
}

t.test('it asks the daemon of the configuration', async (t) => {
  const port = await startAdmin(t, 'right');
  t.same(await fetchStatus({ host: '127.0.0.1', port, token: 'right' }, file), report);
  t.same(
    await fetchStatus({ host: '0.0.0.0', port, token: 'right' }, file),
    report,
    'all addresses are reached by one',
  );
});

t.test('what keeps it from asking is said with what to do', async (t) => {
  await t.rejects(fetchStatus(null, file), { code: 'configInvalid', message: /pgturnstile\.yaml.*admin: off/ });
  const nobody = { host: '127.0.0.1', port: await freePort(), token: 'x' };
  await t.rejects(fetchStatus({ ...nobody, token: null }, file), { code: 'configInvalid', message: /admin\.token/ });
  await t.rejects(fetchStatus(nobody, file), { message: /no daemon answers.*ECONNREFUSED.*pgturnstile serve/ });
});

t.test('a token that differs, and something else behind the port, are told apart', async (t) => {
  const port = await startAdmin(t, 'right');
  await t.rejects(fetchStatus({ host: '127.0.0.1', port, token: 'wrong' }, file), { message: /another admin\.token/ });
  const other = http.createServer((_request, response) => response.writeHead(418).end());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.teardown(() => other.close());
  const { port: otherPort } = other.address() as AddressInfo;
  await t.rejects(fetchStatus({ host: '127.0.0.1', port: otherPort, token: 'x' }, file), { message: /answered 418/ });
});

for (const [args, expected] of [
  [[], /^pgturnstile 0\.1\.0, process 1, draining/],
  [['--json'], /^\{\n {2}"version": "0\.1\.0"/],
] as const) {
  t.test(`pgturnstile status ${args.join(' ')} prints what it was told`, async (t) => {
    const port = await startAdmin(t, 'right');
    const configFile = path.join(t.testdir(), file);
    const yaml = [
      `admin: { port: ${port}, token: right }`,
      'tenants: { default: { databases: { app: { url: "postgres://app@127.0.0.1/app" } } } }',
    ];
    writeFileSync(configFile, yaml.join('\n'), { mode: 0o600 });
    const printed = t.capture(process.stdout, 'write', () => true);
    await statusCommand().parseAsync(['--config', configFile, ...args], { from: 'user' });
    printed.restore();
    t.match(
      printed()
        .map((call) => call.args[0])
        .join(''),
      expected,
    );
  });
}
