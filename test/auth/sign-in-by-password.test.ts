import t from 'tap';
import type { Claim } from '../../src/auth/claim.js';
import { signInByPassword } from '../../src/auth/sign-in-by-password.js';
import { md5Secret } from '../../src/scram/md5.js';
import { buildVerifier, formatVerifier } from '../../src/scram/verifier.js';
import { cstring } from '../support/raw-messages.js';
import { account, claimOf, medians, ScriptedClient } from './support/claim.js';

const giving = (password: string | Buffer) => new ScriptedClient(cstring(password));

t.test('the password fits whatever the secret is, and serves upstream', async (t) => {
  for (const password of ['wonderland', 'wönderländ']) {
    const verifier = formatVerifier(await buildVerifier(password));
    for (const secret of [password, md5Secret('alice', password), verifier]) {
      const dialog = giving(password);
      const result = await signInByPassword(claimOf(account('alice', secret)), dialog);
      const upstreamSecret = { kind: 'password', password };
      t.same(result, { outcome: 'proven', method: 'password', upstreamSecret, lastMessage: null });
      t.same(dialog.requests, [3]);
    }
  }
});

t.test('a wrong one fails, and so does any for one without a secret', async (t) => {
  for (const listed of [account('alice', 'wonderland'), account('alice', null), account('alice', ''), null]) {
    t.match(await signInByPassword(claimOf(listed), giving('wrong')), { outcome: 'failed' });
  }
});

t.test('an empty one is refused, and a client that goes is gone', async (t) => {
  const claim = claimOf(account('alice', 'wonderland'));
  const expected = { sqlstate: '28P01', message: 'empty password returned by client' };
  await t.rejects(signInByPassword(claim, giving('')), expected);
  t.same(await signInByPassword(claim, new ScriptedClient('gone')), { outcome: 'gone' });
  t.same(await signInByPassword(claim, new ScriptedClient('invalid-length')), { outcome: 'gone' });
});

t.test('an unknown user takes as long as a known one, whatever the secret', async (t) => {
  const verifier = formatVerifier(await buildVerifier('wonderland'));
  const claims = [account('a', verifier), account('a', 'wonderland'), account('a', md5Secret('a', 'b')), null].map(
    (listed): Claim => claimOf(listed),
  );
  const times = await medians(
    40,
    claims.map((claim) => () => signInByPassword(claim, giving('guess'))),
  );
  t.ok(Math.max(...times) < 3 * Math.min(...times), times.map((time) => time.toFixed(2)).join(', '));
});

t.test('so it does where the verifiers take more work than PostgreSQL’s own', async (t) => {
  const verifier = formatVerifier(await buildVerifier('wonderland', undefined, 40_000));
  const listed = account('a', verifier);
  const claims = [claimOf(listed), claimOf(null, { decoy: listed }), claimOf(account('b', null), { decoy: listed })];
  const times = await medians(
    10,
    claims.map((claim) => () => signInByPassword(claim, giving('guess'))),
  );
  t.ok(Math.max(...times) < 3 * Math.min(...times), times.map((time) => time.toFixed(2)).join(', '));
});
