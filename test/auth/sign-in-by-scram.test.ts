import t from 'tap';
import type { Claim } from '../../src/auth/claim.js';
import { signInByScram } from '../../src/auth/sign-in-by-scram.js';
import { ClientScram } from '../../src/scram/client-scram.js';
import { md5Secret } from '../../src/scram/md5.js';
import { buildVerifier, formatVerifier } from '../../src/scram/verifier.js';
import { cstring, int32 } from '../support/raw-messages.js';
import { account, claimOf, medians, ScriptedClient } from './support/claim.js';

const password = 'wonderland';
const endPointHash = Buffer.alloc(32, 7);

function client(password: string, endPointHash: Buffer | null = null): { scram: ClientScram; dialog: ScriptedClient } {
  const mechanism = endPointHash === null ? 'SCRAM-SHA-256' : 'SCRAM-SHA-256-PLUS';
  const credential = { kind: 'password', password } as const;
  const scram = new ClientScram({ mechanism, credential, endPointHash, channelBinding: 'prefer' });
  const first = scram.first();
  const initial = Buffer.concat([cstring(mechanism), int32(first.length), first]);
  return { scram, dialog: new ScriptedClient(initial, (request) => scram.final(request.subarray(4))) };
}

async function attempt(claim: Claim, given = password) {
  const { scram, dialog } = client(given, claim.endPointHash);
  const result = await signInByScram(claim, dialog);
  return { scram, dialog, result };
}

t.test('a verifier is signed in against, and the ClientKey kept with it', async (t) => {
  const secret = formatVerifier(await buildVerifier(password));
  const { scram, dialog, result } = await attempt(claimOf(account('alice', secret)));
  t.match(result, { outcome: 'proven', method: 'scram-sha-256', upstreamSecret: { kind: 'scram', verifier: secret } });
  if (result.outcome !== 'proven' || result.upstreamSecret?.kind !== 'scram') return;
  t.same(result.upstreamSecret.clientKey, scram.keys?.clientKey);
  t.doesNotThrow(() => scram.verify(result.lastMessage?.subarray(9) ?? Buffer.alloc(0)), 'the last message proves us');
  t.same(dialog.requests, [10, 11]);
});

t.test('a plain password is signed in against, and kept as it is', async (t) => {
  const { result } = await attempt(claimOf(account('alice', password)));
  t.match(result, { outcome: 'proven', upstreamSecret: { kind: 'password', password } });
});

t.test('over TLS the login is bound to our certificate', async (t) => {
  const { dialog, result } = await attempt(claimOf(account('alice', password), { endPointHash }));
  t.match(result, { outcome: 'proven', method: 'scram-sha-256-plus' });
  t.equal(dialog.asked[0]?.toString('latin1', 4), 'SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0');
  const { dialog: other } = client(password, Buffer.alloc(32, 8));
  await t.rejects(signInByScram(claimOf(account('alice', password), { endPointHash }), other), {
    message: 'SCRAM channel binding check failed',
  });
});

t.test('wrong passwords, md5 hashes, users without a secret and unknown ones fail alike', async (t) => {
  const verifier = formatVerifier(await buildVerifier(password));
  const listed = account('alice', verifier);
  const claims = [
    claimOf(listed),
    claimOf(account('carol', md5Secret('carol', password)), { decoy: listed }),
    claimOf(account('dora', null), { decoy: listed }),
    claimOf(account('emma', ''), { decoy: listed }),
    claimOf(null, { decoy: listed }),
  ];
  const shapes = [];
  for (const [index, claim] of claims.entries()) {
    const { dialog, result } = await attempt(claim, index === 0 ? 'wrong' : password);
    t.equal(result.outcome, 'failed', claim.user);
    shapes.push([dialog.requests, dialog.asked.map(({ length }) => length)]);
  }
  for (const shape of shapes) t.same(shape, shapes[0]);
});

t.test('a made-up user has as many iterations as the decoy, and the same salt each time', async (t) => {
  const decoy = account('alice', formatVerifier(await buildVerifier(password, undefined, 7000)));
  const challenges = [];
  for (const user of ['ghost', 'ghost', 'other']) {
    const { dialog } = await attempt(claimOf(null, { user, decoy }));
    challenges.push(dialog.asked[1]?.toString('latin1').match(/s=.*/)?.[0]);
  }
  t.match(challenges[0], /,i=7000$/);
  t.equal(challenges[0], challenges[1]);
  t.not(challenges[0], challenges[2]);
});

t.test('an unknown user takes as long as a known one', async (t) => {
  const known = claimOf(account('alice', formatVerifier(await buildVerifier(password))));
  const plain = claimOf(account('bob', password));
  const unknown = claimOf(null, { decoy: known.account });
  const started = 'n,,n=,r=abc';
  const initial = Buffer.concat([cstring('SCRAM-SHA-256'), int32(started.length), Buffer.from(started)]);
  const proof = Buffer.alloc(32).toString('base64');
  const guess = (claim: Claim) => () => {
    const nonce = (body: Buffer) => body.toString('latin1').match(/r=([^,]*)/)?.[1];
    const final = (body: Buffer) => Buffer.from(`c=biws,r=${nonce(body)},p=${proof}`);
    return signInByScram(claim, new ScriptedClient(initial, final));
  };
  await signInByScram(plain, new ScriptedClient());
  const [knownMs = 0, plainMs = 0, unknownMs = 0] = await medians(300, [guess(known), guess(plain), guess(unknown)]);
  // A key's derivation would make it twenty times as long.
  t.ok(unknownMs < knownMs * 3 && knownMs < unknownMs * 3, `${unknownMs} against ${knownMs} ms`);
  t.ok(unknownMs < plainMs * 3 && plainMs < unknownMs * 3, `${unknownMs} against ${plainMs} ms`);
});

t.test('a client may leave out its first message and be asked for it', async (t) => {
  const { scram, dialog: rest } = client(password);
  const initial = Buffer.concat([cstring('SCRAM-SHA-256'), int32(-1)]);
  const dialog = new ScriptedClient(initial, scram.first(), (request) => scram.final(request.subarray(4)));
  const result = await signInByScram(claimOf(account('alice', password)), dialog);
  t.equal(result.outcome, 'proven');
  t.same(dialog.requests, [10, 11, 11]);
  t.equal(rest.asked.length, 0);
});

t.test('a client that goes is gone, and one with an invalid length has failed', async (t) => {
  const claim = claimOf(account('alice', password));
  t.same(await signInByScram(claim, new ScriptedClient('gone')), { outcome: 'gone' });
  t.match(await signInByScram(claim, new ScriptedClient('invalid-length')), { outcome: 'failed' });
  const initial = Buffer.concat([cstring('SCRAM-SHA-256'), int32(-1)]);
  t.same(await signInByScram(claim, new ScriptedClient(initial, 'gone')), { outcome: 'gone' });
  t.match(await signInByScram(claim, new ScriptedClient(initial, 'invalid-length')), { outcome: 'failed' });
});
