import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import tls, { type PeerCertificate, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { loadUpstreamTls, type SslMode, type UpstreamTlsSettings } from '../../src/tls/upstream-tls.js';
import { createAuthority } from '../support/certificates.js';

const authority = createAuthority();
const localhost = authority.issue('localhost', ['localhost', '127.0.0.1']);

function settings(sslmode: SslMode, over: Partial<UpstreamTlsSettings> = {}): UpstreamTlsSettings {
  return { host: 'localhost', socketPath: null, sslmode, sslrootcert: null, sslcert: null, sslkey: null, ...over };
}

const folder = t.testdir({});

function file(name: string, text: string): string {
  const written = path.join(folder, name);
  writeFileSync(written, text, { mode: 0o600 });
  return written;
}

const isUntrusted = { code: /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)$/ };

/** Connects to a server with that certificate as `given` says; gives what the server got, or rejects as Node does. */
async function handshake(t: Test, given: UpstreamTlsSettings, certificate = localhost): Promise<TLSSocket> {
  const server = tls.createServer({ ...certificate, requestCert: true, rejectUnauthorized: false, ca: authority.cert });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const accepted = once(server, 'secureConnection');
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const { options } = await loadUpstreamTls(given);
  const client = tls.connect({ ...options, socket });
  t.teardown(() => client.destroy());
  await once(client, 'secureConnect');
  const [peer] = (await accepted) as [TLSSocket];
  peer.on('error', () => {});
  return peer;
}

t.test('each sslmode goes the ways that libpq goes', async (t) => {
  const ways = async (sslmode: SslMode): Promise<string> => (await loadUpstreamTls(settings(sslmode))).ways.join(' ');
  t.equal(await ways('disable'), 'clear');
  t.equal(await ways('allow'), 'clear tls');
  t.equal(await ways('prefer'), 'tls-if-offered clear');
  for (const sslmode of ['require', 'verify-ca', 'verify-full'] as const) t.equal(await ways(sslmode), 'tls');
});

t.test('a Unix socket is always in clear', async (t) => {
  const { ways } = await loadUpstreamTls(settings('verify-full', { socketPath: '/run/postgresql/.s.PGSQL.5432' }));
  t.same(ways, ['clear']);
});

t.test('without root certificates the weaker modes take any certificate', async (t) => {
  for (const sslmode of ['allow', 'prefer', 'require'] as const) {
    const peer = await handshake(t, settings(sslmode, { host: 'elsewhere.example.com' }));
    t.equal(peer.alpnProtocol, false, sslmode);
  }
});

t.test('without root certificates verify-ca and verify-full trust the public authorities alone', async (t) => {
  for (const sslmode of ['verify-ca', 'verify-full'] as const) {
    await t.rejects(handshake(t, settings(sslmode)), isUntrusted);
    await t.rejects(handshake(t, settings(sslmode, { sslrootcert: 'system' })), isUntrusted);
  }
});

t.test('with root certificates every mode verifies the chain, as libpq does', async (t) => {
  const sslrootcert = file('root.crt', authority.cert);
  const foreign = createAuthority('somebody').issue('localhost', ['localhost']);
  for (const sslmode of ['allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const) {
    t.ok(await handshake(t, settings(sslmode, { sslrootcert })), sslmode);
    await t.rejects(handshake(t, settings(sslmode, { sslrootcert }), foreign), isUntrusted);
  }
});

t.test('only verify-full looks at the host', async (t) => {
  const sslrootcert = file('root.crt', authority.cert);
  const elsewhere = { sslrootcert, host: 'elsewhere.example.com' };
  t.ok(await handshake(t, settings('verify-ca', elsewhere)));
  await t.rejects(handshake(t, settings('verify-full', elsewhere)), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

t.test('a host that is an address is found among the addresses, and sends no server name', async (t) => {
  const sslrootcert = file('root.crt', authority.cert);
  const peer = await handshake(t, settings('verify-full', { sslrootcert, host: '127.0.0.1' }));
  t.notOk((peer as TLSSocket & { servername?: string }).servername);
  await t.rejects(handshake(t, settings('verify-full', { sslrootcert, host: '127.0.0.2' })), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

t.test('an address in the common name counts when there are no other names, as for libpq', async (t) => {
  const sslrootcert = file('root.crt', authority.cert);
  const byName = authority.issue('127.0.0.1');
  t.ok(await handshake(t, settings('verify-full', { sslrootcert, host: '127.0.0.1' }), byName));
  await t.rejects(handshake(t, settings('verify-full', { sslrootcert, host: '127.0.0.2' }), byName), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  const withNames = authority.issue('127.0.0.1', ['localhost']);
  await t.rejects(handshake(t, settings('verify-full', { sslrootcert, host: '127.0.0.1' }), withNames), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

t.test('a host name is sent as the server name, and a client certificate where one is set', async (t) => {
  const { cert, key } = authority.issue('app');
  const peer = await handshake(
    t,
    settings('require', { sslcert: file('app.crt', cert), sslkey: file('app.key', key) }),
  );
  t.equal((peer as TLSSocket & { servername?: string }).servername, 'localhost');
  t.equal(peer.getPeerCertificate().subject.CN, 'app');
  t.equal(peer.authorized, true);
});

t.test('a file that cannot be used is named', async (t) => {
  const broken = file('broken.crt', 'hello');
  await t.rejects(loadUpstreamTls(settings('verify-ca', { sslrootcert: '/nowhere/root.crt' })), {
    message: '/nowhere/root.crt: could not read the root certificate: there is no such file',
  });
  await t.rejects(loadUpstreamTls(settings('verify-ca', { sslrootcert: broken })), {
    message: `${broken}: this is not a PEM certificate`,
  });
});

t.test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not weaken a mode that verifies', async (t) => {
  const { options } = await loadUpstreamTls(settings('verify-full'));
  t.equal(options.rejectUnauthorized, true);
  t.type(options.checkServerIdentity?.('localhost', { subject: { CN: 'x' } } as PeerCertificate), Error);
});
