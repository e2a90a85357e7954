import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { type ConnectionOptions, connect, TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { certificateHash } from '../../src/tls/certificate-hash.js';
import { loadServerTls, type ServerTls, type ServerTlsFiles } from '../../src/tls/server-tls.js';
import { type Certificate, createAuthority } from '../support/certificates.js';

const authority = createAuthority();
const certificate = authority.issue('localhost', ['localhost', '127.0.0.1']);

const folder = t.testdir({});
let written = 0;

/** Each time in files of their own. */
function write(files: Record<string, string>): ServerTlsFiles {
  written += 1;
  const paths: Record<string, string> = {};
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, `${written}-${name}`);
    writeFileSync(file, text, { mode: 0o600 });
    paths[name] = file;
  }
  const { cert = null, key = null, clientCa = null } = paths;
  return { mode: 'allow', cert, key, clientCa };
}

async function load({ cert, key }: Certificate, clientCa?: string): Promise<ServerTls> {
  const tls = await loadServerTls(write({ cert, key, ...(clientCa === undefined ? {} : { clientCa }) }));
  if (tls === null) throw new Error('TLS is off');
  return tls;
}

interface Handshake {
  readonly client: TLSSocket;
  /** As the server sees the client. */
  readonly accepted: TLSSocket;
}

/** One connection, both ends of it, or the client's error. */
async function shakeHands(t: Test, tls: ServerTls, options: ConnectionOptions = {}): Promise<Handshake> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  t.teardown(() => client.destroy());
  const secured = once(client, 'secureConnect');
  const [socket] = (await once(server, 'connection')) as [Socket];
  const accepted = new TLSSocket(socket, { ...tls.options, isServer: true });
  accepted.on('error', () => {});
  t.teardown(() => accepted.destroy());
  await Promise.all([secured, once(accepted, 'secure')]);
  return { client, accepted };
}

/** What Node found wrong with the client's certificate. */
const doubtOf = (accepted: TLSSocket): unknown =>
  (accepted as unknown as { ssl: { verifyError(): unknown } }).ssl.verifyError();

t.test('mode off has no TLS, whatever files there are', async (t) => {
  t.equal(await loadServerTls({ mode: 'off', cert: '/nowhere', key: '/nowhere', clientCa: null }), null);
});

t.test('clients of TLS 1.2 and 1.3 come in, and older ones do not', async (t) => {
  const tls = await load(certificate);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { client } = await shakeHands(t, tls, { minVersion: version, maxVersion: version });
    t.equal(client.getProtocol(), version);
  }
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
  await t.rejects(shakeHands(t, tls, old), { message: /alert protocol version|unsupported protocol/ });
});

t.test('ALPN is "postgresql" or nothing', async (t) => {
  const tls = await load(certificate);
  const { accepted } = await shakeHands(t, tls, { ALPNProtocols: ['http/1.1', 'postgresql'] });
  t.equal(accepted.alpnProtocol, 'postgresql');
  const without = await shakeHands(t, tls);
  t.equal(without.accepted.alpnProtocol, false);
  await t.rejects(shakeHands(t, tls, { ALPNProtocols: ['h2'] }), { message: /no application protocol/ });
});

t.test('the server name that a client asked for can be read', async (t) => {
  const { accepted } = await shakeHands(t, await load(certificate), { servername: 'acme.example.com' });
  t.equal(accepted.servername, 'acme.example.com');
});

t.test('the hash for channel binding is that of the certificate that clients see', async (t) => {
  const tls = await load(certificate);
  const { client } = await shakeHands(t, tls);
  t.same(tls.endPointHash, certificateHash(client.getPeerCertificate().raw));
});

t.test('without authorities of clients no certificate is asked for', async (t) => {
  const tls = await load(certificate);
  t.equal(tls.requestsClientCertificate, false);
  const { accepted } = await shakeHands(t, tls, authority.issue('alice'));
  t.same(accepted.getPeerCertificate(), {});
});

t.test('with them a client may have a certificate, and it is known whether it is a good one', async (t) => {
  const tls = await load(certificate, authority.cert);
  t.equal(tls.requestsClientCertificate, true);
  const good = await shakeHands(t, tls, authority.issue('alice'));
  t.notOk(doubtOf(good.accepted));
  t.equal(good.accepted.getPeerCertificate().subject.CN, 'alice');
  const none = await shakeHands(t, tls);
  t.same(none.accepted.getPeerCertificate(), {});
  const foreign = await shakeHands(t, tls, createAuthority('somebody').issue('alice'));
  t.equal(foreign.accepted.getPeerCertificate().subject.CN, 'alice');
  t.ok(doubtOf(foreign.accepted));
});

t.test('a client that renegotiates is refused', async (t) => {
  const { client } = await shakeHands(t, await load(certificate), { maxVersion: 'TLSv1.2' });
  const refusal = new Promise<Error | null>((resolve) => {
    client.on('error', resolve);
    client.renegotiate({}, resolve);
  });
  t.match(await refusal, { message: /renegotiation/ });
});

t.test('files that were replaced are read by the next load, and the loaded ones stay as they are', async (t) => {
  const files = write({ cert: certificate.cert, key: certificate.key });
  const before = await loadServerTls(files);
  const next = authority.issue('localhost', ['localhost']);
  writeFileSync(files.cert ?? '', next.cert);
  writeFileSync(files.key ?? '', next.key);
  const after = await loadServerTls(files);
  t.same(before?.endPointHash, certificateHash(certificate.cert));
  t.same(after?.endPointHash, certificateHash(next.cert));
});

t.test('what is wrong with a file names the file, and quotes nothing of it', async (t) => {
  const other = authority.issue('other');
  const { cert, key } = certificate;
  const refuses = async (files: ServerTlsFiles, words: RegExp): Promise<void> => {
    const error = await loadServerTls(files).then(
      () => new Error('loaded'),
      (reason: Error) => reason,
    );
    t.match(error, { code: 'configInvalid', message: words });
    t.notMatch(error.message, /BEGIN|MII/);
  };
  await refuses({ ...write({ cert, key }), cert: '/nowhere/server.crt' }, /^\/nowhere\/server.crt: .*no such file/);
  await refuses(write({ cert, key: other.key }), /key: the key does not fit .*cert/);
  await refuses(write({ cert: 'hello', key }), /cert: this is not a PEM certificate/);
  await refuses(write({ cert: key, key }), /cert: this is not a PEM certificate/);
  await refuses(write({ cert, key: 'hello' }), /key: the key does not fit/);
  await refuses(write({ cert, key, clientCa: 'hello' }), /clientCa: this is not a PEM certificate/);
  const open = write({ cert, key });
  chmodSync(open.key ?? '', 0o644);
  await refuses(open, /key: the private key can be read by others/);
});
