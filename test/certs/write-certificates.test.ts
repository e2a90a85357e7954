import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import t from 'tap';
import { makeAuthority } from '../../certs/make-certificates.js';
import { CertificateExists, defaultHosts, writeCertificates } from '../../certs/write-certificates.js';

const hosts = ['localhost', '127.0.0.1', '::1', '*.example.test'];

const certificateOf = (file: string): X509Certificate => new X509Certificate(readFileSync(file));

t.test('a client that trusts the authority verifies the server under each of its names', async (t) => {
  const files = await writeCertificates(t.testdir({}), hosts, false);
  const server = tls.createServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const ca = readFileSync(files.caCert);
  for (const host of ['localhost', '127.0.0.1', '::1', 'db.example.test']) {
    const checkServerIdentity: typeof tls.checkServerIdentity = (_, peer) => tls.checkServerIdentity(host, peer);
    const client = tls.connect({ port, host: '127.0.0.1', ca, checkServerIdentity });
    await once(client, 'secureConnect');
    t.equal(client.authorized, true, host);
    client.destroy();
  }
});

t.test('keys can be read by their owner alone, and no draft stays behind', async (t) => {
  const folder = t.testdir({});
  const { key, caKey } = await writeCertificates(path.join(folder, 'deep', 'certs'), hosts, false);
  t.same(readdirSync(path.dirname(key)).sort(), ['ca.crt', 'ca.key', 'server.crt', 'server.key']);
  for (const file of [key, caKey]) t.equal(statSync(file).mode & 0o777, 0o600);
});

t.test('the server certificate can sign nothing, and the authority no other authority', async (t) => {
  const { cert, caCert } = await writeCertificates(t.testdir({}), hosts, false);
  t.equal(certificateOf(cert).ca, false);
  t.equal(certificateOf(caCert).ca, true);
  t.ok(certificateOf(cert).checkIssued(certificateOf(caCert)));
});

t.test('what is there is not overwritten, and nothing is half done', async (t) => {
  for (const name of ['server.crt', 'server.key', 'ca.key', 'ca.crt']) {
    const folder = t.testdir({ [name]: 'somebody’s' });
    await t.rejects(writeCertificates(folder, hosts, false), new CertificateExists(path.join(folder, name)));
    t.same(readdirSync(folder), [name]);
    t.equal(readFileSync(path.join(folder, name), 'utf8'), 'somebody’s');
  }
});

t.test('force replaces the server certificate and keeps the authority that clients trust', async (t) => {
  const folder = t.testdir({});
  const before = await writeCertificates(folder, ['localhost'], false);
  const [ca, server] = [readFileSync(before.caCert, 'utf8'), readFileSync(before.cert, 'utf8')];
  const after = await writeCertificates(folder, ['db.example.test'], true);
  t.equal(before.keptAuthority, false);
  t.equal(after.keptAuthority, true);
  t.equal(readFileSync(after.caCert, 'utf8'), ca);
  t.not(readFileSync(after.cert, 'utf8'), server);
  t.equal(certificateOf(after.cert).subjectAltName, 'DNS:db.example.test');
  t.ok(certificateOf(after.cert).verify(certificateOf(after.caCert).publicKey));
});

t.test('an authority alone signs a new server certificate without being asked twice', async (t) => {
  const folder = t.testdir({});
  const { cert, key } = await writeCertificates(folder, ['localhost'], false);
  rmSync(cert);
  rmSync(key);
  t.equal((await writeCertificates(folder, ['localhost'], false)).keptAuthority, true);
});

t.test('an authority that is none is replaced by force alone', async (t) => {
  const folder = t.testdir({});
  mkdirSync(folder, { recursive: true });
  const { cert, key } = await makeAuthority();
  writeFileSync(path.join(folder, 'ca.crt'), 'garbage');
  writeFileSync(path.join(folder, 'ca.key'), key);
  await t.rejects(writeCertificates(folder, hosts, false), { message: /ca.crt is there already/ });
  t.equal((await writeCertificates(folder, hosts, true)).keptAuthority, false);
  t.not(readFileSync(path.join(folder, 'ca.crt'), 'utf8'), cert);
});

t.test('the machine is known by its own names', async (t) => {
  t.ok(defaultHosts().includes('localhost'));
  t.ok(defaultHosts().includes('127.0.0.1'));
  t.equal(new Set(defaultHosts()).size, defaultHosts().length);
});
