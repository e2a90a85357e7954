import t from 'tap';
import { UserSecrets } from '../../src/auth/user-secrets.js';
import { md5Secret } from '../../src/scram/md5.js';
import { buildVerifier, formatVerifier } from '../../src/scram/verifier.js';
import { account } from './support/claim.js';

t.test('a verifier in the configuration is used as it is', async (t) => {
  const text = formatVerifier(await buildVerifier('x'));
  const verifier = await new UserSecrets().verifierOf(account('a', text));
  t.equal(verifier && formatVerifier(verifier), text);
});

t.test('a plain password is derived once, however many wait for it', async (t) => {
  const secrets = new UserSecrets();
  const alice = account('alice', 'wonderland');
  const [first, second] = await Promise.all([secrets.verifierOf(alice), secrets.verifierOf(alice)]);
  t.equal(first, second);
});

t.test('its salt is the one that a made-up user of that name would have', async (t) => {
  const secrets = new UserSecrets();
  const verifier = await secrets.verifierOf(account('alice', 'wonderland'));
  t.same(verifier?.salt, secrets.standIn('alice', null).salt);
  t.equal(verifier?.iterations, secrets.standIn('alice', null).iterations);
  t.notSame(verifier?.salt, new UserSecrets().standIn('alice', null).salt, 'and another process has others');
});

t.test('an md5 hash and no secret give none', async (t) => {
  const secrets = new UserSecrets();
  for (const secret of [md5Secret('a', 'b'), null, '']) t.equal(secrets.verifierOf(account('a', secret)), null);
});

t.test('preparing derives everything before anybody asks', async (t) => {
  const secrets = new UserSecrets();
  const accounts = [account('a', 'x'), account('b', null), account('c', md5Secret('c', 'd')), account('d', 'y')];
  await secrets.prepare(accounts);
  const settled = await Promise.race([secrets.verifierOf(accounts[3] ?? account('', null)), 'not yet']);
  t.not(settled, 'not yet');
});

t.test('a stand-in is made like the verifier of its decoy', async (t) => {
  const decoy = account('a', formatVerifier(await buildVerifier('x', Buffer.alloc(40), 5_000)));
  const { salt, iterations } = new UserSecrets().standIn('nobody', decoy);
  t.same([salt.length, iterations], [40, 5_000]);
});
