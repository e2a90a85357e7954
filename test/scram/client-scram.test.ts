import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ProxyError } from '../../src/errors/proxy-error.js';
import { ClientScram, type ClientScramOptions } from '../../src/scram/client-scram.js';
import { type ScramStep, ServerScram } from '../../src/scram/server-scram.js';
import { buildVerifier, formatVerifier, type ScramVerifier } from '../../src/scram/verifier.js';
import { certificateHash } from '../../src/tls/certificate-hash.js';
import { createAuthority } from '../support/certificates.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { cstring, int32, message, startupMessage } from '../support/raw-messages.js';

const endPointHash = createHash('sha256').update('certificate').digest();

function clientWith(options: Partial<ClientScramOptions> = {}): ClientScram {
  return new ClientScram({
    mechanism: 'SCRAM-SHA-256',
    credential: { kind: 'password', password: 'pencil' },
    endPointHash: null,
    channelBinding: 'prefer',
    ...options,
  });
}

/** Both sides talk until one has had enough; the client has verified the server when it succeeded. */
async function converse(client: ClientScram, server: ServerScram): Promise<ScramStep> {
  const challenge = server.exchange(client.first());
  if (challenge.kind !== 'continue') return challenge;
  const step = server.exchange(await client.final(challenge.data));
  if (step.kind === 'success') client.verify(step.data);
  return step;
}

async function failsWith(t: Test, promise: Promise<unknown>, words: string): Promise<void> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  t.ok(error instanceof ProxyError, words);
  t.match((error as ProxyError).message, words);
  t.equal((error as ProxyError).fault, 'upstream');
}

t.test('a client with the password logs in, and the server learns its key', async (t) => {
  const verifier = await buildVerifier('pencil');
  const client = clientWith();
  const step = await converse(
    client,
    new ServerScram('SCRAM-SHA-256', { verifier, isDoomed: false, endPointHash: null }),
  );
  t.equal(step.kind, 'success');
  t.same(step.kind === 'success' && step.clientKey, client.keys?.clientKey);
});

t.test('the key that a login left logs in elsewhere with the same verifier, without the password', async (t) => {
  const verifier = await buildVerifier('pencil');
  const options = { verifier, isDoomed: false, endPointHash: null };
  const learned = await converse(clientWith(), new ServerScram('SCRAM-SHA-256', options));
  if (learned.kind !== 'success') return t.fail('the first login failed');
  const credential = { kind: 'scram', clientKey: learned.clientKey, verifier: formatVerifier(verifier) } as const;
  const step = await converse(clientWith({ credential }), new ServerScram('SCRAM-SHA-256', options));
  t.equal(step.kind, 'success');
});

t.test('a learned key is of no use where the verifier is another, and the error says what to do', async (t) => {
  const [here, there] = [await buildVerifier('pencil'), await buildVerifier('pencil')];
  const credential = { kind: 'scram', clientKey: Buffer.alloc(32), verifier: formatVerifier(here) } as const;
  const server = new ServerScram('SCRAM-SHA-256', { verifier: there, isDoomed: false, endPointHash: null });
  await failsWith(t, converse(clientWith({ credential }), server), 'the server holds another SCRAM verifier');
});

t.test('cached keys log in again, and are passed over when the server changed its salt', async (t) => {
  const options = { verifier: await buildVerifier('pencil'), isDoomed: false, endPointHash: null };
  const first = clientWith();
  await converse(first, new ServerScram('SCRAM-SHA-256', options));
  const again = clientWith({ cachedKeys: first.keys });
  t.equal((await converse(again, new ServerScram('SCRAM-SHA-256', options))).kind, 'success');
  t.equal(again.keys, first.keys, 'nothing was derived');
  const changed = { ...options, verifier: await buildVerifier('pencil') };
  const afterChange = clientWith({ cachedKeys: first.keys });
  t.equal((await converse(afterChange, new ServerScram('SCRAM-SHA-256', changed))).kind, 'success');
  t.not(afterChange.keys, first.keys);
});

t.test('a wrong password fails', async (t) => {
  const verifier = await buildVerifier('pencil');
  const client = clientWith({ credential: { kind: 'password', password: 'pencils' } });
  const step = await converse(
    client,
    new ServerScram('SCRAM-SHA-256', { verifier, isDoomed: false, endPointHash: null }),
  );
  t.equal(step.kind, 'failure');
});

t.test('with PLUS both sides must have seen the same certificate', async (t) => {
  const verifier = await buildVerifier('pencil');
  const plus = { mechanism: 'SCRAM-SHA-256-PLUS', endPointHash } as const;
  const step = await converse(
    clientWith(plus),
    new ServerScram(plus.mechanism, { verifier, isDoomed: false, endPointHash }),
  );
  t.equal(step.kind, 'success');
  const other = createHash('sha256').update('somebody in between').digest();
  const between = new ServerScram(plus.mechanism, { verifier, isDoomed: false, endPointHash: other });
  await t.rejects(converse(clientWith(plus), between), {
    sqlstate: '28000',
    message: 'SCRAM channel binding check failed',
  });
});

t.test('a client that could have bound says so, so that a downgrade is found', async (t) => {
  const verifier = await buildVerifier('pencil');
  const server = new ServerScram('SCRAM-SHA-256', { verifier, isDoomed: false, endPointHash });
  await t.rejects(converse(clientWith({ endPointHash }), server), {
    message: 'SCRAM channel binding negotiation error',
  });
  const disabled = clientWith({ endPointHash, channelBinding: 'disable' });
  t.equal(disabled.first().toString().slice(0, 3), 'n,,');
});

t.test('a server that does not know the password is found out', async (t) => {
  const verifier = await buildVerifier('pencil');
  const impostor: ScramVerifier = { ...verifier, serverKey: Buffer.alloc(32, 1) };
  const server = new ServerScram('SCRAM-SHA-256', { verifier: impostor, isDoomed: false, endPointHash: null });
  await failsWith(t, converse(clientWith(), server), 'incorrect server signature');
});

t.test('what a server says wrong is refused', async (t) => {
  const nonce = 'abc';
  const cases = {
    '': 'attribute "r" expected',
    'r=xyz,s=AAAA,i=1': 'nonce mismatch',
    'r=abc,s=AAAA,i=1': 'nonce mismatch',
    'r=abcd,i=1': 'attribute "s" expected',
    'r=abcd,s=,i=1': 'invalid salt',
    'r=abcd,s=A*AA,i=1': 'invalid salt',
    'r=abcd,s=AAAA,i=0': 'invalid iteration count',
    'r=abcd,s=AAAA,i=-1': 'invalid iteration count',
    'r=abcd,s=AAAA,i=1x': 'invalid iteration count',
    'r=abcd,s=AAAA,i=2000000000': 'more than 1000000 SCRAM iterations',
    'r=abcd,s=AAAA,i=1,x=y': 'garbage at end of server-first-message',
    'e=other-error': 'attribute "r" expected',
  };
  for (const [first, words] of Object.entries(cases)) {
    await failsWith(t, clientWith({ nonce }).final(Buffer.from(first)), words);
  }
  const client = clientWith({ nonce });
  await client.final(Buffer.from('r=abcd,s=AAAA,i=1'));
  const verify = async (final: string): Promise<void> => client.verify(Buffer.from(final));
  await failsWith(t, verify('e=invalid-proof'), 'error received from server');
  await failsWith(t, verify('v=*'), 'invalid server signature');
  await failsWith(t, verify(''), 'invalid server signature');
  await failsWith(t, verify('v='), 'incorrect server signature');
});

t.test('whatever a server sends, nothing but a ProxyError comes of it', async () => {
  const part = fc.constantFrom('r=', 's=', 'i=', ',', 'abc', 'AAAA', '7', '=', '\0', 'é', 'v=', 'e=');
  await fc.assert(
    fc.asyncProperty(fc.array(part), async (parts) => {
      const client = clientWith({ nonce: 'abc' });
      try {
        client.verify(await client.final(Buffer.from(parts.join(''))));
      } catch (error) {
        return error instanceof ProxyError;
      }
      return false;
    }),
  );
});

/** The types and SASL steps that a server answers a login with: `R10 R11 R12 R0`. */
async function loginTo(raw: RawClient, user: string, scram: ClientScram, mechanism: string): Promise<string> {
  raw.send(startupMessage({ user, database: 'postgres' }));
  const steps: string[] = [];
  for (;;) {
    const { type, body } = await raw.read();
    const step = type === 'R' ? body.readInt32BE(0) : -1;
    steps.push(type === 'R' ? `R${step}` : type);
    if (step === 10) {
      const first = scram.first();
      raw.send(message('p', cstring(mechanism), int32(first.length), first));
    } else if (step === 11) raw.send(message('p', await scram.final(body.subarray(4))));
    else if (step === 12) scram.verify(body.subarray(4));
    else return steps.join(' ');
  }
}

t.test('a running PostgreSQL takes our verifier, our proof with and without PLUS, and a learned key', async (t) => {
  const authority = createAuthority();
  const server = await startPostgres({ tls: authority.issue('localhost', ['127.0.0.1']) });
  t.teardown(() => server.stop());
  const password = 'pa\u00dfwort \u2168';
  const verifier = await buildVerifier(password);
  await server.query(`create role alice login password '${formatVerifier(verifier)}'`);
  const logIn = async (isTls: boolean, options: Partial<ClientScramOptions>): Promise<string> => {
    const raw = await RawClient.connect({ port: server.port, ...(isTls ? { tls: 'request' as const } : {}) });
    const peer = 'getPeerCertificate' in raw.socket ? (raw.socket as TLSSocket).getPeerCertificate().raw : null;
    const hash = peer === null ? null : certificateHash(peer);
    const client = clientWith({ credential: { kind: 'password', password }, endPointHash: hash, ...options });
    const steps = await loginTo(raw, 'alice', client, options.mechanism ?? 'SCRAM-SHA-256');
    await raw.destroy();
    return steps;
  };
  const all = 'R10 R11 R12 R0';
  t.equal(await logIn(false, {}), all, 'in clear');
  t.equal(await logIn(true, { mechanism: 'SCRAM-SHA-256-PLUS' }), all, 'bound to the certificate');
  t.equal(await logIn(true, { channelBinding: 'disable' }), all, 'over TLS, not bound');
  t.equal(await logIn(true, {}), 'R10 E', 'a downgrade is found');
  const ours = new ServerScram('SCRAM-SHA-256', { verifier, isDoomed: false, endPointHash: null });
  const learned = await converse(clientWith({ credential: { kind: 'password', password } }), ours);
  if (learned.kind !== 'success') return t.fail('the login with us failed');
  const credential = { kind: 'scram', clientKey: learned.clientKey, verifier: formatVerifier(verifier) } as const;
  t.equal(await logIn(false, { credential }), all, 'with the key of a login');
  t.equal(await logIn(false, { credential: { kind: 'password', password: 'wrong' } }), 'R10 R11 E');
});
