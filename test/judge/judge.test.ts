import t from 'tap';
import { openCatalogConnection } from '../../src/backend/postgres/open-catalog-connection.js';
import { Firewalls } from '../../src/firewall/firewalls.js';
import { CatalogFeed } from '../../src/judge/catalog-feed.js';
import { Judge } from '../../src/judge/judge.js';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import { createLog } from '../../src/telemetry/log.js';
import { startPostgres } from '../support/postgres.js';
import { targetAt } from '../support/upstream.js';

const server = await startPostgres();
t.teardown(() => server.stop());

t.test('what the threads had no place for is judged when they have', async (t) => {
  const log = createLog({ level: 'error', pretty: false });
  const threads = new JudgeThreads({ queueMax: 1 });
  const connect = (onChange: () => void) => openCatalogConnection(targetAt(server.url), onChange);
  const catalog = new CatalogFeed({ connect, threads, log });
  t.teardown(() => catalog.close());
  t.teardown(() => threads.close());
  const unwatch = catalog.watch();
  t.teardown(unwatch);
  await catalog.whenKnown();
  const counters = { shapeCache: { hits: 0, misses: 0 } };
  const deps = { threads, catalog, counters, isOurName: () => false, complexityMax: 0, firewalls: new Firewalls(log) };
  const judge = new Judge(null, deps);
  const ann = { user: 'ann', tenant: 'default', roles: [], database: 'postgres', attributes: {} };
  const session = judge.for(ann, 'postgres', 'ann');
  const names = { searchPath: ['public'], temporary: [], key: '', catalog: null };
  // One is under way, one waits, and there is no place for a third.
  const others = ['select 1', 'select 2'].map((text) => threads.parse(text, 'another'));
  t.match(await session.judge('select 3', null, names), { refusal: { sqlstate: '53400' } });
  await Promise.all(others);
  t.match(await session.judge('select 3', null, names), { refusal: null });
  t.match(await session.judge('selec', null, names), { refusal: { sqlstate: '42601' }, isUnreadable: true });
  t.match(session.judge('selec', null, names), { refusal: { sqlstate: '42601' } }, 'known by now');
});
