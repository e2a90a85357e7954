import t from 'tap';
import { signInByMd5 } from '../../src/auth/sign-in-by-md5.js';
import { md5Answer, md5Secret } from '../../src/scram/md5.js';
import { cstring } from '../support/raw-messages.js';
import { account, claimOf, ScriptedClient } from './support/claim.js';

const hashed = account('alice', md5Secret('alice', 'wonderland'));
const answering = (user: string, password: string) =>
  new ScriptedClient((request) => cstring(md5Answer(md5Secret(user, password), request.subarray(4, 8))));

t.test('an md5 hash is answered with a salted one', async (t) => {
  const dialog = answering('alice', 'wonderland');
  t.match(await signInByMd5(claimOf(hashed), dialog), { outcome: 'proven', method: 'md5', upstreamSecret: null });
  t.same(dialog.requests, [5]);
});

t.test('each sign-in has another salt', async (t) => {
  const dialogs = [new ScriptedClient(), new ScriptedClient()];
  for (const dialog of dialogs) await signInByMd5(claimOf(hashed), dialog);
  t.notSame(dialogs[0]?.asked, dialogs[1]?.asked);
});

t.test('a wrong answer, and the stored hash itself, fail', async (t) => {
  t.match(await signInByMd5(claimOf(hashed), answering('alice', 'wrong')), { outcome: 'failed' });
  t.match(await signInByMd5(claimOf(hashed), new ScriptedClient(cstring(hashed.secret ?? ''))), { outcome: 'failed' });
});

t.test('a SCRAM or plain secret goes through SCRAM', async (t) => {
  const dialog = new ScriptedClient();
  await signInByMd5(claimOf(account('bob', 'plain')), dialog);
  t.same(dialog.requests, [10]);
});

t.test('an unknown user goes the way of its decoy, and fails', async (t) => {
  const like = (decoy: typeof hashed | null) => claimOf(null, { decoy });
  const dialog = answering('nobody', 'wonderland');
  t.match(await signInByMd5(like(hashed), dialog), { outcome: 'failed' });
  t.same(dialog.requests, [5]);
  for (const decoy of [account('bob', 'plain'), null]) {
    const scram = new ScriptedClient();
    await signInByMd5(like(decoy), scram);
    t.same(scram.requests, [10]);
  }
});

t.test('an empty answer is refused, and a client that goes is gone', async (t) => {
  await t.rejects(signInByMd5(claimOf(hashed), new ScriptedClient(cstring(''))), {
    message: 'empty password returned by client',
  });
  t.same(await signInByMd5(claimOf(hashed), new ScriptedClient('gone')), { outcome: 'gone' });
  t.same(await signInByMd5(claimOf(hashed), new ScriptedClient('invalid-length')), { outcome: 'gone' });
});
