import t from 'tap';
import { signInByCertificate } from '../../src/auth/sign-in-by-certificate.js';
import { account, claimOf } from './support/claim.js';

const showing = (commonName: string | null) => ({ certificate: { commonName } });

t.test('a certificate with the name of the user lets in, also one that is not listed', async (t) => {
  t.match(signInByCertificate(claimOf(account('alice', null), showing('alice'))), {
    outcome: 'proven',
    method: 'cert',
  });
  t.match(signInByCertificate(claimOf(null, { user: 'alice', ...showing('alice') })), { outcome: 'proven' });
});

t.test('who shows a certificate and has a plain password signs in upstream with that', async (t) => {
  const result = signInByCertificate(claimOf(account('alice', 'wonderland'), showing('alice')));
  t.match(result, { upstreamSecret: { kind: 'password', password: 'wonderland' } });
});

t.test('another name fails, and so does none', async (t) => {
  for (const name of ['bob', 'Alice', 'alice\0', '', null]) {
    t.match(signInByCertificate(claimOf(account('alice', null), showing(name))), { outcome: 'failed' }, String(name));
  }
});

t.test('without a certificate PostgreSQL says that one is required', async (t) => {
  const expected = { sqlstate: '28000', message: 'connection requires a valid client certificate' };
  t.throws(() => signInByCertificate(claimOf(account('alice', null))), expected);
});
