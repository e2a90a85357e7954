import t from 'tap';
import { isMd5Secret, md5Answer, md5Secret, verifyMd5Answer } from '../../src/scram/md5.js';

const salt = Buffer.from([1, 2, 3, 4]);

t.test('a secret is what PostgreSQL stores', async (t) => {
  // select 'md5' || md5('secret' || 'alice')
  t.equal(md5Secret('alice', 'secret'), 'md54a0a68b43b6cd5cf266fa02f196e2371');
});

t.test('the answer to a salt is verified with the secret alone', async (t) => {
  const secret = md5Secret('alice', 'secret');
  const answer = md5Answer(secret, salt);
  t.match(answer, /^md5[0-9a-f]{32}$/);
  t.ok(verifyMd5Answer(answer, secret, salt));
  t.notOk(verifyMd5Answer(answer, secret, Buffer.from([1, 2, 3, 5])), 'another salt');
  t.notOk(verifyMd5Answer(answer, md5Secret('alice', 'other'), salt), 'another password');
  t.notOk(verifyMd5Answer(answer, md5Secret('bob', 'secret'), salt), 'another user');
  t.notOk(verifyMd5Answer('', secret, salt), 'nothing');
  t.notOk(verifyMd5Answer(secret, secret, salt), 'the secret itself');
});

t.test('only lower-case digits make an md5 secret', async (t) => {
  t.ok(isMd5Secret(`md5${'0'.repeat(32)}`));
  t.notOk(isMd5Secret(`md5${'A'.repeat(32)}`));
  t.notOk(isMd5Secret(`md5${'0'.repeat(31)}`));
  t.notOk(isMd5Secret(`md5${'0'.repeat(32)}\n`));
});
