import fc from 'fast-check';
import t from 'tap';
import { buildVerifier, formatVerifier, mockVerifier, parseVerifier } from '../../src/scram/verifier.js';

// RFC 7677, 3: password "pencil", 4096 iterations.
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const pencil =
  'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';

t.test('the password and salt of RFC 7677 make its keys', async (t) => {
  t.equal(formatVerifier(await buildVerifier('pencil', salt)), pencil);
});

t.test('a verifier is what was written after it was read', async (t) => {
  const verifier = parseVerifier(pencil);
  t.equal(verifier?.iterations, 4096);
  t.same(verifier?.salt, salt);
  t.equal(verifier && formatVerifier(verifier), pencil);
});

t.test('two verifiers of one password differ, and each takes 16 bytes of salt', async (t) => {
  const [one, other] = await Promise.all([buildVerifier('same'), buildVerifier('same')]);
  t.equal(one.salt.length, 16);
  t.notSame(one.salt, other.salt);
});

t.test('what is damaged is no verifier', async (t) => {
  const damaged = {
    'another mechanism': pencil.replace('256', '512'),
    'no iterations': pencil.replace('4096', ''),
    'iterations of zero': pencil.replace('4096', '0'),
    'iterations beyond 32 bits': pencil.replace('4096', '4294967296'),
    'a sign': pencil.replace('4096', '-4096'),
    'a salt that is no base64': pencil.replace('W22Z', 'W2*Z'),
    'no salt': pencil.replace('W22ZaJ0SNY7soEsUEjb6gQ==', ''),
    'a short key': pencil.replace('WG5d', ''),
    'a key too many': `${pencil}:AAAA`,
    'a line behind it': `${pencil}\n`,
    'a password that begins like one': 'SCRAM-SHA-256$secret',
    nothing: '',
  };
  for (const [what, text] of Object.entries(damaged)) t.equal(parseVerifier(text), null, what);
});

t.test('no text makes the reader throw', async () => {
  const part = fc.constantFrom('SCRAM-SHA-256', '$', ':', '=', '4096', 'AAAA', '\0', 'é', pencil);
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      parseVerifier(parts.join(''));
    }),
  );
});

t.test('the mock of a name is the same each time, and another for another name or process', async (t) => {
  const secret = Buffer.alloc(32, 1);
  const first = mockVerifier('nobody', secret);
  t.same(mockVerifier('nobody', secret), first);
  t.notSame(mockVerifier('nobody2', secret).salt, first.salt);
  t.notSame(mockVerifier('nobody', Buffer.alloc(32, 2)).salt, first.salt);
});

t.test('a mock looks like a verifier that PostgreSQL made', async (t) => {
  const mock = mockVerifier('nobody', Buffer.alloc(32, 1));
  t.equal(mock.salt.length, 16);
  t.equal(mock.iterations, 4096);
});
