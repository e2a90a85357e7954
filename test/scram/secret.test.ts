import t from 'tap';
import { md5Secret } from '../../src/scram/md5.js';
import { secretKind, verifyPassword } from '../../src/scram/secret.js';
import { buildVerifier, formatVerifier, mockVerifier } from '../../src/scram/verifier.js';

const standIn = mockVerifier('alice', Buffer.alloc(32, 7));

t.test('each kind of secret is told by its form', async (t) => {
  t.equal(secretKind(formatVerifier(await buildVerifier('x'))), 'scram-sha-256');
  t.equal(secretKind(md5Secret('alice', 'x')), 'md5');
  t.equal(secretKind('x'), 'plain');
  t.equal(secretKind('SCRAM-SHA-256$4096'), 'plain');
});

t.test('a password fits each kind of its secret, and no other password does', async (t) => {
  const secrets = {
    verifier: formatVerifier(await buildVerifier('grüße')),
    md5: md5Secret('alice', 'grüße'),
    plain: 'grüße',
  };
  for (const [kind, secret] of Object.entries(secrets)) {
    t.equal(await verifyPassword('alice', 'grüße', secret, standIn), true, kind);
    t.equal(await verifyPassword('alice', Buffer.from('grüße'), secret, standIn), true, `${kind}, bytes`);
    t.equal(await verifyPassword('alice', 'gruesse', secret, standIn), false, `${kind}, another`);
    t.equal(await verifyPassword('alice', '', secret, standIn), false, `${kind}, none`);
    t.equal(await verifyPassword('alice', secret, secret, standIn), kind === 'plain', `${kind}, itself`);
  }
});

t.test('no password fits a user without a secret', async (t) => {
  t.equal(await verifyPassword('nobody', '', null, standIn), false);
  t.equal(await verifyPassword('nobody', 'x', null, standIn), false);
});

t.test('an unknown user costs as many derivations as a known one', async (t) => {
  const verifier = formatVerifier(await buildVerifier('x'));
  const cost = async (secret: string | null): Promise<number> => {
    let least = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 15; attempt++) {
      const start = process.hrtime.bigint();
      await verifyPassword('alice', 'wrong', secret, standIn);
      least = Math.min(least, Number(process.hrtime.bigint() - start));
    }
    return least;
  };
  const known = await cost(verifier);
  for (const secret of [null, 'plain', md5Secret('alice', 'y')]) {
    const ratio = (await cost(secret)) / known;
    // A derivation less or more would be a factor of hundreds.
    t.ok(ratio > 0.2 && ratio < 5, `${ratio.toFixed(2)} times`);
  }
});
