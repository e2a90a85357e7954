import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { ProxyError } from '../../src/errors/proxy-error.js';
import { ServerScram } from '../../src/scram/server-scram.js';
import { buildVerifier, mockVerifier } from '../../src/scram/verifier.js';
import { certificateHash } from '../../src/tls/certificate-hash.js';
import { createAuthority } from '../support/certificates.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type RawTarget } from '../support/raw-client.js';
import { cstring, errorFields, int32, message, startupMessage } from '../support/raw-messages.js';

// RFC 7677, 3.
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const clientFirst = 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO';
const serverNonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const serverFirst = `r=rOprNGfwEbeRWgbNEkqO${serverNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const clientFinal = `c=biws,r=rOprNGfwEbeRWgbNEkqO${serverNonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;
const serverFinal = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

const endPointHash = createHash('sha256').update('certificate').digest();

async function server(isDoomed = false): Promise<ServerScram> {
  const verifier = await buildVerifier('pencil', salt);
  return new ServerScram('SCRAM-SHA-256', { verifier, isDoomed, endPointHash: null, serverNonce });
}

t.test('the exchange of RFC 7677 is answered as it says', async (t) => {
  const scram = await server();
  t.same(scram.exchange(Buffer.from(clientFirst)), { kind: 'continue', data: Buffer.from(serverFirst) });
  const step = scram.exchange(Buffer.from(clientFinal));
  t.equal(step.kind === 'success' && step.data.toString(), serverFinal);
  const storedKey = (await buildVerifier('pencil', salt)).storedKey;
  t.same(step.kind === 'success' && createHash('sha256').update(step.clientKey).digest(), storedKey);
});

t.test('a client that sends no initial response is asked for it', async (t) => {
  const scram = await server();
  t.same(scram.exchange(null), { kind: 'continue', data: Buffer.alloc(0) });
  t.same(scram.exchange(Buffer.from(clientFirst)), { kind: 'continue', data: Buffer.from(serverFirst) });
});

t.test('a right password fails where the login is doomed, and says nothing of it before', async (t) => {
  const scram = await server(true);
  t.same(scram.exchange(Buffer.from(clientFirst)), { kind: 'continue', data: Buffer.from(serverFirst) });
  t.same(scram.exchange(Buffer.from(clientFinal)), { kind: 'failure' });
});

t.test('a mock verifier fails whatever proof comes, also that of its empty key', async (t) => {
  const verifier = mockVerifier('nobody', Buffer.alloc(32, 1));
  const scram = new ServerScram('SCRAM-SHA-256', { verifier, isDoomed: true, endPointHash: null, serverNonce });
  scram.exchange(Buffer.from(clientFirst));
  t.same(scram.exchange(Buffer.from(clientFinal)), { kind: 'failure' });
});

t.test('an exchange that has ended takes nothing more', async (t) => {
  const scram = await server();
  scram.exchange(Buffer.from(clientFirst));
  scram.exchange(Buffer.from(clientFinal));
  t.throws(() => scram.exchange(Buffer.from(clientFinal)), { message: 'invalid SCRAM exchange state' });
  const failed = await server();
  t.throws(() => failed.exchange(Buffer.from('garbage')), { message: 'malformed SCRAM message' });
  t.throws(() => failed.exchange(Buffer.from(clientFirst)), { message: 'invalid SCRAM exchange state' });
});

t.test('two exchanges have two nonces', async (t) => {
  const verifier = await buildVerifier('pencil', salt);
  const answers = [1, 2].map(() => {
    const scram = new ServerScram('SCRAM-SHA-256', { verifier, isDoomed: false, endPointHash: null });
    const step = scram.exchange(Buffer.from(clientFirst));
    return step.kind === 'continue' ? step.data.toString() : '';
  });
  t.not(answers[0], answers[1]);
});

t.test('whatever a client sends, nothing but a ProxyError comes of it', async () => {
  const verifier = await buildVerifier('pencil', salt, 1);
  const part = fc.constantFrom(
    'n',
    'y',
    'p=',
    'tls-server-end-point',
    'a=',
    'm=',
    'c=',
    'biws',
    'r=',
    ',',
    '=',
    '\0',
    'é',
  );
  const text = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(fc.constantFrom('SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'X'), text, text, (mechanism, first, final) => {
      try {
        const scram = new ServerScram(mechanism, { verifier, isDoomed: false, endPointHash });
        scram.exchange(first);
        return scram.exchange(final).kind === 'failure';
      } catch (error) {
        return error instanceof ProxyError && error.severity === 'FATAL';
      }
    }),
    { numRuns: 2000 },
  );
});

/** What a client says, given what the server said: a text for its first message, and one for its final message. */
interface Dialogue {
  readonly over: 'clear' | 'tls';
  readonly mechanism: string;
  readonly first: string | Buffer | null;
  readonly final?: (nonce: string) => string;
}

const proof = Buffer.alloc(32).toString('base64');
const plain = { over: 'clear', mechanism: 'SCRAM-SHA-256' } as const;
const plus = { over: 'tls', mechanism: 'SCRAM-SHA-256-PLUS' } as const;
const begin = { ...plain, first: 'n,,n=,r=abc' };
const bound = 'p=tls-server-end-point,,n=,r=abc';

const dialogues: Readonly<Record<string, Dialogue>> = {
  'an empty message': { ...plain, first: '' },
  'a message with a NUL': { ...plain, first: Buffer.from('n,,n=,r=a\0bc') },
  'an unknown mechanism': { ...plain, mechanism: 'SCRAM-SHA-512', first: 'n,,n=,r=abc' },
  'PLUS in clear': { ...plain, mechanism: 'SCRAM-SHA-256-PLUS', first: bound },
  'an unknown flag': { ...plain, first: 'x,,n=,r=abc' },
  'a flag that is not ASCII': { ...plain, first: Buffer.from([0xe9, 0x2c]) },
  'a flag that is a space': { ...plain, first: ' ,,n=,r=abc' },
  'no comma behind the flag': { ...plain, first: 'n;' },
  'nothing behind the flag': { ...plain, first: 'n' },
  'an authorization identity': { ...plain, first: 'n,a=bob,n=,r=abc' },
  'another attribute in its place': { ...plain, first: 'n,b=bob,n=,r=abc' },
  'a mandatory extension': { ...plain, first: 'n,,m=x,n=,r=abc' },
  'no user': { ...plain, first: 'n,,r=abc' },
  'no user, not even an attribute': { ...plain, first: 'n,,' },
  'a user without a sign': { ...plain, first: 'n,,n' },
  'no nonce': { ...plain, first: 'n,,n=' },
  'a nonce with a space': { ...plain, first: 'n,,n=,r=a c' },
  'a nonce that is not ASCII': { ...plain, first: Buffer.from('n,,n=,r=\xe9', 'latin1') },
  'an extension that is none': { ...plain, first: 'n,,n=,r=abc,1=x' },
  'an extension without a sign': { ...plain, first: 'n,,n=,r=abc,x' },
  'a comma at the end': { ...plain, first: 'n,,n=,r=abc,' },
  'binding data without PLUS': { ...plain, first: bound },
  'PLUS without binding data': { ...plus, first: 'n,,n=,r=abc' },
  'PLUS with the flag y': { ...plus, first: 'y,,n=,r=abc' },
  'an unknown binding': { ...plus, first: 'p=tls-unique,,n=,r=abc' },
  'an unknown binding with a space and a long name': { ...plus, first: `p=tls ${'x'.repeat(50)},,n=,r=abc` },
  'a binding without a sign': { ...plus, first: 'p,,n=,r=abc' },
  'a downgrade': { ...plus, mechanism: 'SCRAM-SHA-256', first: 'y,,n=,r=abc' },
  'no channel binding in the final message': { ...begin, final: () => 'r=abc' },
  'another channel binding': { ...begin, final: (nonce) => `c=eSws,r=${nonce},p=${proof}` },
  'another flag in the final message': {
    ...begin,
    first: 'y,,n=,r=abc',
    final: (nonce) => `c=biws,r=${nonce},p=${proof}`,
  },
  'another channel binding, and nothing else': { ...begin, final: () => 'c=x' },
  'another nonce': { ...begin, final: (nonce) => `c=biws,r=${nonce}x,p=${proof}` },
  'the nonce of the client alone': { ...begin, final: () => `c=biws,r=abc,p=${proof}` },
  'no nonce in the final message': { ...begin, final: () => `c=biws,p=${proof}` },
  'no proof': { ...begin, final: (nonce) => `c=biws,r=${nonce}` },
  'an extension and no proof': { ...begin, final: (nonce) => `c=biws,r=${nonce},x=y` },
  'a short proof': { ...begin, final: (nonce) => `c=biws,r=${nonce},p=AAAA` },
  'a proof that is no base64': { ...begin, final: (nonce) => `c=biws,r=${nonce},p=${proof.replace('A', '*')}` },
  'something behind the proof': { ...begin, final: (nonce) => `c=biws,r=${nonce},p=${proof},x=y` },
  'an empty final message': { ...begin, final: () => '' },
  'a wrong proof': { ...begin, final: (nonce) => `c=biws,r=${nonce},x=y,p=${proof}` },
  'another certificate': {
    ...plus,
    first: bound,
    final: (nonce) =>
      `c=${Buffer.concat([Buffer.from('p=tls-server-end-point,,'), endPointHash]).toString('base64')},r=${nonce},p=${proof}`,
  },
};

interface Complaint {
  readonly severity?: string | undefined;
  readonly sqlstate?: string | undefined;
  readonly message?: string | undefined;
  readonly detail?: string | undefined;
}

const noComplaint: Complaint = { severity: undefined, sqlstate: undefined, message: undefined, detail: undefined };

async function complaintOfPostgres(target: RawTarget, dialogue: Dialogue): Promise<Complaint> {
  const client = await RawClient.connect(target);
  client.send(startupMessage({ user: 'postgres' }));
  await client.read();
  const first = dialogue.first === null ? null : Buffer.from(dialogue.first);
  const length = int32(first?.length ?? -1);
  client.send(message('p', cstring(dialogue.mechanism), length, first ?? Buffer.alloc(0)));
  let reply = await client.read();
  if (reply.type === 'R' && dialogue.final !== undefined) {
    client.send(message('p', Buffer.from(dialogue.final(nonceIn(reply.body.toString('latin1', 4))))));
    reply = await client.read();
  }
  await client.destroy();
  const { S: severity, C: sqlstate, M: text, D: detail } = errorFields(reply.body);
  return { severity, sqlstate, message: text, detail };
}

function complaintOfOurs(options: ConstructorParameters<typeof ServerScram>[1], dialogue: Dialogue): Complaint {
  try {
    const scram = new ServerScram(dialogue.mechanism, options);
    const step = scram.exchange(dialogue.first === null ? null : Buffer.from(dialogue.first));
    if (step.kind !== 'continue' || dialogue.final === undefined) return noComplaint;
    const end = scram.exchange(Buffer.from(dialogue.final(nonceIn(step.data.toString()))));
    if (end.kind !== 'failure') return noComplaint;
    // What `auth/` says of a failure.
    const wrong = { sqlstate: '28P01', message: 'password authentication failed for user "postgres"' };
    return { severity: 'FATAL', ...wrong, detail: undefined };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    const { severity, sqlstate, clientMessage, detail } = error;
    return { severity, sqlstate, message: clientMessage, detail };
  }
}

const nonceIn = (challenge: string): string => /^r=([^,]*)/.exec(challenge)?.[1] ?? '';

t.test('what is wrong is wrong in the words of a running PostgreSQL', async (t) => {
  const certificate = createAuthority().issue('localhost', ['127.0.0.1']);
  const postgres = await startPostgres({ tls: certificate });
  t.teardown(() => postgres.stop());
  const verifier = await buildVerifier('other');
  for (const [name, dialogue] of Object.entries(dialogues)) {
    const isTls = dialogue.over === 'tls';
    const target = { port: postgres.port, ...(isTls ? { tls: 'request' as const } : {}) };
    const options = { verifier, isDoomed: false, endPointHash: isTls ? certificateHash(certificate.cert) : null };
    t.same(complaintOfOurs(options, dialogue), await complaintOfPostgres(target, dialogue), name);
  }
});
