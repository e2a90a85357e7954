import t from 'tap';
import { cancelUpstream } from '../../../src/backend/postgres/cancel-upstream.js';
import { askUpstream, type OwnAnswer } from '../../../src/backend/postgres/own-query.js';
import type { PostgresUpstream } from '../../../src/backend/postgres/postgres-upstream.js';
import { createAuthority } from '../../support/certificates.js';
import { freePort } from '../../support/ports.js';
import { startPostgres } from '../../support/postgres.js';
import { until } from '../../support/until.js';
import { targetAt, upstreamAt } from '../../support/upstream.js';

const server = await startPostgres({ tls: createAuthority().issue('localhost', ['127.0.0.1']) });
t.teardown(() => server.stop());

const ask = (upstream: PostgresUpstream, sql: string) =>
  new Promise<OwnAnswer>((resolve) => askUpstream(upstream, sql, resolve));

for (const [name, url] of Object.entries({
  'in clear': `${server.url}?sslmode=disable`,
  'by TLS': `${server.url}?sslmode=require`,
  'over a Unix socket': `postgres://postgres:secret@/postgres?host=${server.socketDir}&port=${server.port}`,
})) {
  t.test(`what a connection runs is cancelled, ${name}`, async (t) => {
    const upstream = await upstreamAt(t, url);
    const answer = ask(upstream, 'select pg_sleep(60)');
    const running = `select from pg_stat_activity where pid = ${upstream.secrets.processId} and state = 'active'`;
    await until('it runs', async () => (await server.query(running)).length > 0);
    await cancelUpstream(targetAt(url), upstream.secrets);
    t.match(await answer, { kind: 'refused', error: { sqlstate: '57014' } });
    t.same(await ask(upstream, 'select 1'), { kind: 'value', value: '1' }, 'and nothing after it');
  });
}

t.test('a server that is not there is no failure', async (t) => {
  const url = server.url.replace(`:${server.port}/`, `:${await freePort()}/`);
  await t.resolves(cancelUpstream(targetAt(url), { processId: 1, secretKey: Buffer.from('1234') }));
});
