import t from 'tap';
import type { Config } from '../src/config/config.js';
import { parseConfig } from '../src/config/load-config.js';
import { startDaemon } from '../src/main.js';
import { createLog } from '../src/telemetry/log.js';
import { until } from './support/until.js';

t.test('a reload begins when the one before it has ended, so that what is read last holds', async (t) => {
  const config = parseConfig('listen: { port: 0 }\nadmin: off\naudit: off\ntenants: {}', 'c.yaml', {});
  const reads: ((config: Config) => void)[] = [];
  const daemon = await startDaemon({
    config,
    reloadConfig: () => new Promise<Config>((resolve) => reads.push(resolve)),
    log: createLog({ level: 'silent', pretty: false }, { write: () => {} }),
  });
  t.teardown(() => daemon.stop());
  const reloads = [daemon.reload(), daemon.reload()];
  await until('one is read', () => reads.length > 0);
  t.equal(reads.length, 1);
  reads[0]?.(config);
  t.match(await reloads[0], { ok: true });
  await until('the other is read', () => reads.length === 2);
  reads[1]?.(config);
  t.match(await reloads[1], { ok: true });
});
