import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { certificateHash } from '../../src/tls/certificate-hash.js';
import { createAuthority } from '../support/certificates.js';
import { certificates } from './support/signed-certificates.js';

for (const [signature, { der, hash }] of Object.entries(certificates)) {
  const claim = hash === null ? 'has no hash of its own' : `is hashed with ${hash}`;
  t.test(`a certificate signed with ${signature} ${claim}`, async (t) => {
    const bytes = Buffer.from(der, 'base64');
    t.same(certificateHash(bytes), hash && createHash(hash).update(bytes).digest());
  });
}

t.test('of a PEM chain the first certificate counts, which is the server’s own', async (t) => {
  const authority = createAuthority();
  const { cert } = authority.issue('server');
  t.same(certificateHash(cert + authority.cert), certificateHash(cert));
  t.notSame(certificateHash(authority.cert + cert), certificateHash(cert));
});

t.test('what is no certificate throws, and nothing hangs', async () => {
  const der = Buffer.from(certificates.pssSha512?.der ?? '', 'base64');
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), (position, byte) => {
      const damaged = Buffer.from(der);
      damaged[position] = byte;
      try {
        const hash = certificateHash(damaged);
        return hash === null || hash.length >= 28;
      } catch (error) {
        return error instanceof Error;
      }
    }),
    { numRuns: 2000 },
  );
});
