import t from 'tap';
import { signIn } from '../../src/auth/sign-in.js';
import { account, claimOf, ScriptedClient } from './support/claim.js';

const alice = claimOf(account('alice', 'wonderland'), { certificate: { commonName: 'alice' } });

t.test('each method asks its own question', async (t) => {
  const questions = { trust: [], cert: [], password: [3], md5: [10], 'scram-sha-256': [10] } as const;
  for (const [method, expected] of Object.entries(questions)) {
    const dialog = new ScriptedClient();
    await signIn(method as keyof typeof questions, alice, dialog);
    t.same(dialog.requests, expected, method);
  }
});

t.test('trust lets in whoever comes', async (t) => {
  const dialog = new ScriptedClient();
  const upstreamSecret = { kind: 'password', password: 'wonderland' };
  t.match(await signIn('trust', alice, dialog), { outcome: 'proven', method: 'trust', upstreamSecret });
  t.match(await signIn('trust', claimOf(null), dialog), { outcome: 'proven', upstreamSecret: null });
});
