import { randomBytes } from 'node:crypto';
import { MessageWriter } from '../../protocol/message-writer.js';
import { encodeAuthenticationMD5Password } from '../../protocol/messages/authentication.js';
import { md5Secret, verifyMd5Answer } from '../scram/md5.js';
import { secretKind } from '../scram/secret.js';
import type { AuthDialog } from './auth-dialog.js';
import { type Claim, failedProof, proven, type SignIn, secretOf } from './claim.js';
import { readPassword } from './read-password.js';
import { signInByScram } from './sign-in-by-scram.js';

const saltBytes = 4;

/**
 * A user with an md5 hash answers a salt, any other goes through SCRAM (CheckPWChallengeAuth in auth.c). One without a
 * secret goes the way that its decoy would.
 */
export async function signInByMd5(claim: Claim, dialog: AuthDialog): Promise<SignIn> {
  const { user, account, decoy, secrets } = claim;
  const secret = secretOf(account);
  const shown = secret ?? decoy?.secret ?? '';
  if (secretKind(shown) !== 'md5') return await signInByScram(claim, dialog);
  const salt = randomBytes(saltBytes);
  const writer = new MessageWriter(16);
  encodeAuthenticationMD5Password(writer, salt);
  const answer = await readPassword(dialog, writer.take());
  if (answer === null) return { outcome: 'gone' };
  const expected = secret ?? md5Secret(user, secrets.processSecret);
  const isRight = verifyMd5Answer(answer, expected, salt);
  return isRight && secret !== null ? proven('md5', null) : failedProof(account);
}
