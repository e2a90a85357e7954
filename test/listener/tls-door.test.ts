import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import tls from 'node:tls';
import t from 'tap';
import { certificateHash } from '../../src/tls/certificate-hash.js';
import { createAuthority } from '../support/certificates.js';
import { type Doorway, openDoorway } from '../support/doorway.js';
import { RawClient } from '../support/raw-client.js';
import { errorFields, sslRequest, startupMessage } from '../support/raw-messages.js';

const yaml = `
auth: { rules: [ { method: trust } ] }
tenants: { default: { databases: { sales: { url: 'postgres://app@127.0.0.1:1/sales' } } } }
`;
const login = { user: 'alice', database: 'sales' };

async function secured(way: Doorway, tlsOptions: tls.ConnectionOptions = {}): Promise<RawClient> {
  return await RawClient.connect({ port: way.port, tls: 'request', tlsOptions }, login);
}

t.test('the server name that was asked for is told', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  await secured(way, { servername: 'acme.example.com' });
  await secured(way);
  t.equal(way.admitted[0]?.tls?.serverName, 'acme.example.com');
  t.equal(way.admitted[1]?.tls?.serverName, null);
});

t.test('the hash to bind to is that of the certificate that was shown', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const client = await secured(way);
  const shown = (client.socket as tls.TLSSocket).getPeerX509Certificate() as X509Certificate;
  t.same(way.admitted[0]?.tls?.endPointHash, certificateHash(shown.raw));
});

t.test('a certificate is asked for, and its common name told; without one a client comes in as well', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  await secured(way, way.authority.issue('alice'));
  await secured(way);
  t.same(way.admitted[0]?.tls?.certificate, { commonName: 'alice' });
  t.equal(way.admitted[1]?.tls?.certificate, null);
});

t.test('a certificate that nobody vouches for is refused, also by a method that needs none', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const stranger = createAuthority('somebody else');
  for (const tlsOptions of [stranger.issue('alice'), stranger]) {
    const client = await RawClient.connect({ port: way.port, tls: 'request', tlsOptions });
    client.send(startupMessage(login));
    const { types, messages } = await client.readUntilClosed();
    t.equal(types, 'E');
    t.match(errorFields(messages[0]?.body ?? Buffer.alloc(0)), {
      C: '28000',
      M: 'connection requires a valid client certificate',
      D: /could not be verified/,
    });
  }
  t.equal(way.admitted.length, 0);
});

t.test('TLS 1.2 and 1.3 are spoken, 1.1 is not', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const client = await secured(way, { minVersion: version, maxVersion: version });
    t.equal((client.socket as tls.TLSSocket).getProtocol(), version);
  }
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await t.rejects(secured(way, old));
});

t.test('nobody renegotiates in the middle of a connection', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const client = await secured(way, { maxVersion: 'TLSv1.2' });
  const socket = client.socket as tls.TLSSocket;
  let isRenegotiated = false;
  for (let i = 0; i < 5; i++) {
    socket.renegotiate({}, (error) => {
      isRenegotiated ||= error === null;
    });
    t.equal((await (await secured(way)).ask('select 1')).types, 'TDCZ', 'others are unharmed');
  }
  t.notOk(isRenegotiated);
});

t.test('a reload changes the certificate of those that come, not of those that are here', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const fingerprint = (client: RawClient) => (client.socket as tls.TLSSocket).getPeerX509Certificate()?.fingerprint256;
  const before = await secured(way);
  // Asked for a second time, Node 20 gives none.
  const shownBefore = fingerprint(before);
  // This one is in the middle of its handshake when the certificate changes.
  const halfway = await RawClient.connect({ port: way.port });
  halfway.send(sslRequest());
  await halfway.readByte();
  await way.reload(yaml);
  const after = await secured(way);
  t.not(fingerprint(after), shownBefore);
  t.equal((await before.ask('select 1')).types, 'TDCZ');
  halfway.socket.removeAllListeners('data');
  const socket = tls.connect({ socket: halfway.socket, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  t.equal(socket.getPeerX509Certificate()?.fingerprint256, shownBefore);
  socket.destroy();
  const [old, current] = [way.admitted[0], way.admitted[1]];
  t.notSame(old?.tls?.endPointHash, current?.tls?.endPointHash);
});

t.test('TLS can be switched off and on by a reload', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const before = await secured(way);
  way.listener.reload(null);
  const client = await RawClient.connect({ port: way.port });
  client.send(sslRequest());
  t.equal(await client.readByte(), 'N');
  t.equal((await before.ask('select 1')).types, 'TDCZ', 'who has it keeps it');
  await way.reload(yaml);
  t.equal((await (await secured(way)).ask('select 1')).types, 'TDCZ');
});
