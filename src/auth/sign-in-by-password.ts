import { MessageWriter } from '../../protocol/message-writer.js';
import { encodeAuthenticationCleartextPassword } from '../../protocol/messages/authentication.js';
import { encodeText } from '../../protocol/text.js';
import { verifyPassword } from '../scram/secret.js';
import type { AuthDialog } from './auth-dialog.js';
import { type Claim, failedProof, proven, type SignIn, secretOf } from './claim.js';
import { readPassword } from './read-password.js';

/** The password itself, against whatever the secret is. That nobody else reads it is the rules' business. */
export async function signInByPassword(claim: Claim, dialog: AuthDialog): Promise<SignIn> {
  const writer = new MessageWriter(16);
  encodeAuthenticationCleartextPassword(writer);
  const password = await readPassword(dialog, writer.take());
  if (password === null) return { outcome: 'gone' };
  const { user, account, decoy, secrets } = claim;
  const secret = secretOf(account);
  const isRight = await verifyPassword(user, encodeText(password), secret, secrets.standIn(user, decoy));
  return isRight ? proven('password', { kind: 'password', password }) : failedProof(account);
}
