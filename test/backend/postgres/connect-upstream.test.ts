import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import { connectUpstream } from '../../../src/backend/postgres/connect-upstream.js';
import { askUpstream } from '../../../src/backend/postgres/own-query.js';
import type { UpstreamAccount, UpstreamTarget } from '../../../src/backend/postgres/upstream-target.js';
import { ProxyError } from '../../../src/errors/proxy-error.js';
import { createAuthority } from '../../support/certificates.js';
import { freePort } from '../../support/ports.js';
import { startPostgres } from '../../support/postgres.js';
import { cstring, int32, message } from '../../support/raw-messages.js';
import { targetAt } from '../../support/upstream.js';

const authority = createAuthority();
const stranger = createAuthority('a stranger');
const files = t.testdir({
  'root.crt': authority.cert,
  'stranger.crt': stranger.cert,
  ...Object.fromEntries(Object.entries(authority.issue('app')).map(([name, pem]) => [`client.${name}`, pem])),
});
chmodSync(path.join(files, 'client.key'), 0o600);

const clear = await startPostgres();
const encrypted = await startPostgres({
  tls: { ...authority.issue('localhost', ['localhost', '127.0.0.1']), ca: authority.cert },
  hba: ['hostssl all app all cert', 'host nobody_may all all reject'],
});
t.teardown(() => Promise.all([clear.stop(), encrypted.stop()]));
await encrypted.query('create role app login');

/** What a new connection is, seen from the server; it is closed again. */
async function connected(url: string, changes?: Partial<UpstreamAccount>): Promise<string | null> {
  const upstream = await connectUpstream(targetAt(url, changes));
  const seen = `select concat_ws(' ', current_user, current_database(), coalesce((select version from pg_stat_ssl
    where pid = pg_backend_pid() and ssl), 'clear'))`;
  return new Promise((resolve, reject) => {
    askUpstream(upstream, seen, (answer) => {
      upstream.close();
      if (answer.kind === 'value') resolve(answer.value);
      else reject(new Error(answer.kind));
    });
  });
}

function refusal(url: string, changes?: Partial<UpstreamAccount>): Promise<ProxyError> {
  return refusalOf(targetAt(url, changes));
}

async function refusalOf(target: UpstreamTarget): Promise<ProxyError> {
  try {
    (await connectUpstream(target)).destroy();
  } catch (error) {
    if (error instanceof ProxyError) return error;
    throw error;
  }
  throw new Error('it was let in');
}

/** What the operator's log shows of it. */
const causeOf = ({ cause }: ProxyError): string => (cause instanceof Error ? cause.message : String(cause));

const withOptions = (url: string, options: string) => `${url}?${options}`;
const root = `sslrootcert=${path.join(files, 'root.crt')}`;
const isTls = /^postgres postgres TLSv1\.[23]$/;
const isClear = /^postgres postgres clear$/;

t.test('sslmode means what it means to libpq', async (t) => {
  for (const [sslmode, toEncrypted, toClear] of [
    ['disable', isClear, isClear],
    ['allow', isClear, isClear],
    ['prefer', isTls, isClear],
    ['require', isTls, null],
    [`verify-ca&${root}`, isTls, null],
    [`verify-full&${root}`, isTls, null],
  ] as const) {
    t.match(await connected(withOptions(encrypted.url, `sslmode=${sslmode}`)), toEncrypted, `${sslmode}, with TLS`);
    const inClear = withOptions(clear.url, `sslmode=${sslmode}`);
    if (toClear !== null) t.match(await connected(inClear), toClear, `${sslmode}, without`);
    else t.match(causeOf(await refusal(inClear)), 'server does not support SSL, but SSL was required');
  }
});

t.test('a certificate of a stranger, or for another host, is not taken where it is checked', async (t) => {
  const other = `sslrootcert=${path.join(files, 'stranger.crt')}`;
  for (const mode of ['verify-ca', 'verify-full']) {
    const { clientMessage, sqlstate } = await refusal(withOptions(encrypted.url, `sslmode=${mode}&${other}`));
    t.match(
      { clientMessage, sqlstate },
      { clientMessage: 'could not connect to the database server', sqlstate: '57P03' },
    );
  }
  const elsewhere = await startPostgres({ tls: authority.issue('db', ['db.example']) });
  t.teardown(() => elsewhere.stop());
  await refusal(withOptions(elsewhere.url, `sslmode=verify-full&${root}`));
  t.match(await connected(withOptions(elsewhere.url, `sslmode=verify-ca&${root}`)), isTls);
  t.match(await connected(withOptions(elsewhere.url, 'sslmode=require')), isTls);
});

t.test('SCRAM is bound to the TLS channel, and where that is required nothing else will do', async (t) => {
  const bound = `sslmode=verify-full&${root}&channel_binding=require`;
  t.match(await connected(withOptions(encrypted.url, bound)), isTls);
  for (const auth of ['trust', 'password', 'md5'] as const) {
    const lax = await startPostgres({ auth, tls: authority.issue('localhost', ['127.0.0.1']) });
    const { sqlstate } = await refusal(withOptions(lax.url, bound));
    t.equal(sqlstate, '57P03', `a server that asks for ${auth}`);
    await lax.stop();
  }
});

t.test('each way of asking for a password is answered', async (t) => {
  for (const auth of ['trust', 'password', 'md5', 'scram-sha-256'] as const) {
    const server = await startPostgres({ auth });
    t.match(await connected(server.url), isClear, auth);
    const wrong = await refusal(server.urlFor('postgres', 'postgres', 'wrong')).catch(() => null);
    t.equal(wrong === null, auth === 'trust', `${auth}, with a wrong one`);
    await server.stop();
  }
});

t.test('a Unix socket is connected to', async (t) => {
  const url = `postgres://postgres:secret@/postgres?host=${clear.socketDir}&port=${clear.port}`;
  t.match(await connected(url), isClear);
});

t.test('a client certificate is shown', async (t) => {
  const own = `sslcert=${path.join(files, 'client.cert')}&sslkey=${path.join(files, 'client.key')}`;
  const url = `postgres://app@127.0.0.1:${encrypted.port}/postgres`;
  t.match(await connected(withOptions(url, `sslmode=verify-full&${root}&${own}`)), /^app postgres TLS/);
  const without = await refusal(withOptions(url, `sslmode=verify-full&${root}`));
  t.match(causeOf(without), /^28000: connection requires a valid client certificate/);
});

t.test('nothing about an account of the proxy’s own is for the client to read', async (t) => {
  const refused = [
    await refusal(clear.urlFor('postgres', 'postgres', 'wrong-password')),
    await refusal(clear.urlFor('postgres', 'secret_user', 'x')),
    await refusal(encrypted.urlFor('nobody_may')),
    await refusal(clear.url.replace(':secret@', '@')),
  ];
  for (const { clientMessage, detail, hint, sqlstate } of refused) {
    t.equal(sqlstate, '57P03');
    t.notMatch([clientMessage, detail, hint].join(), /wrong-password|secret|postgres|nobody_may|28/);
  }
  t.match(causeOf(refused[0] as ProxyError), '28P01: password authentication failed for user "postgres"');
});

t.test('what is about the client’s own user or database is the server’s to say', async (t) => {
  t.match(await refusal(clear.urlFor('nowhere')), {
    clientMessage: 'database "nowhere" does not exist',
    sqlstate: '3D000',
  });
  t.match(await refusal(clear.urlFor('postgres', 'postgres', 'wrong'), { isClientsOwn: true }), {
    clientMessage: 'password authentication failed for user "postgres"',
    sqlstate: '28P01',
  });
  await clear.query('create role full login connection limit 0');
  t.match(await refusal(clear.urlFor('postgres', 'full'), { isClientsOwn: true }), { sqlstate: /28P01|53300/ });
});

t.test('a server that is not there, or starts, is unavailable', async (t) => {
  const url = clear.url.replace(`:${clear.port}/`, `:${await freePort()}/`);
  const { clientMessage, sqlstate, retryable, cause } = await refusal(url);
  t.match({ clientMessage, sqlstate, retryable }, { sqlstate: '57P03', clientMessage: /^could not connect/ });
  t.match(cause, { code: 'ECONNREFUSED' });
});

/** A server that says this to each connection, once it has heard something. */
async function sayingServer(t: Test, ...said: Buffer[]): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    let at = 0;
    socket.on('data', () => {
      const next = said[at];
      at += 1;
      if (next !== undefined) socket.write(next);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `postgres://postgres:secret@127.0.0.1:${(server.address() as net.AddressInfo).port}/postgres`;
}

t.test('a server that never answers is given up in time', async (t) => {
  const target = targetAt(withOptions(await sayingServer(t), 'sslmode=disable'));
  Object.defineProperty(target, 'connectTimeoutMs', { value: 100 });
  t.equal((await refusalOf(target)).sqlstate, '57P03');
  const silentTls = targetAt(withOptions(await sayingServer(t, Buffer.from('S')), 'sslmode=require'));
  Object.defineProperty(silentTls, 'connectTimeoutMs', { value: 100 });
  t.equal((await refusalOf(silentTls)).sqlstate, '57P03');
});

t.test('bytes in clear behind the answer to SSLRequest are refused', async (t) => {
  const url = await sayingServer(t, Buffer.concat([Buffer.from('S'), message('R', int32(0))]));
  t.match(causeOf(await refusal(withOptions(url, 'sslmode=require'))), 'received unencrypted data after SSL response');
});

t.test('a server that speaks something else is unavailable, whatever it says', async (t) => {
  const ready = message('Z', Buffer.from('I'));
  for (const said of [
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.from([0x52, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x52, 0, 0, 0, 4]),
    message('R', int32(99)),
    message('R', int32(12), Buffer.from('v=AAAA')),
    message('R', int32(10), cstring('UNHEARD-OF'), Buffer.from([0])),
    message('S', cstring('a')),
    Buffer.concat([message('R', int32(0)), message('K', int32(1)), ready]),
  ]) {
    const { sqlstate } = await refusal(withOptions(await sayingServer(t, said), 'sslmode=disable'));
    t.equal(sqlstate, '57P03', JSON.stringify(said.toString('latin1').slice(0, 20)));
  }
});

t.test('a SCRAM server that does not know the password itself is not believed', async (t) => {
  const url = await sayingServer(
    t,
    message('R', int32(10), cstring('SCRAM-SHA-256'), Buffer.from([0])),
    message('R', int32(11), Buffer.from('r=made-up,s=AAAA,i=4096')),
  );
  t.equal((await refusal(withOptions(url, 'sslmode=disable'))).sqlstate, '57P03');
});

t.test('what the server reports is kept, and application_name is sent where the url has one', async (t) => {
  const upstream = await connectUpstream(targetAt(withOptions(clear.url, 'application_name=pgturnstile')));
  t.teardown(() => upstream.destroy());
  t.equal(upstream.parameters.get('application_name'), 'pgturnstile');
  t.match(upstream.parameters.get('server_version'), clear.version);
  t.ok(upstream.secrets.processId > 0);
  const rows = await clear.query(`select from pg_stat_activity where pid = ${upstream.secrets.processId}`);
  t.equal(rows.length, 1);
});

t.test('keys of one login spare the next one their derivation', async (t) => {
  const target = targetAt(clear.url);
  (await connectUpstream(target)).destroy();
  t.ok(target.scramKeys);
  const { scramKeys } = target;
  (await connectUpstream(target)).destroy();
  t.same(target.scramKeys, scramKeys);
});
