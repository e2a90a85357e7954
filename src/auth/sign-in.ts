import type { AuthMethod } from '../config/config.js';
import type { AuthDialog } from './auth-dialog.js';
import { type Claim, plainSecret, proven, type SignIn } from './claim.js';
import { signInByCertificate } from './sign-in-by-certificate.js';
import { signInByMd5 } from './sign-in-by-md5.js';
import { signInByPassword } from './sign-in-by-password.js';
import { signInByScram } from './sign-in-by-scram.js';

/**
 * Goes through a method with a client. One that isn't listed, or has no secret, goes the same way as one that has and
 * fails at its end; but by `trust` and `cert` it comes in, since what they rely on is no secret of ours.
 *
 * @throws ProxyError, ProtocolError for what breaks the protocol
 */
export async function signIn(method: Exclude<AuthMethod, 'reject'>, claim: Claim, dialog: AuthDialog): Promise<SignIn> {
  switch (method) {
    case 'trust':
      return proven('trust', plainSecret(claim.account));
    case 'cert':
      return signInByCertificate(claim);
    case 'password':
      return await signInByPassword(claim, dialog);
    case 'md5':
      return await signInByMd5(claim, dialog);
    case 'scram-sha-256':
      return await signInByScram(claim, dialog);
  }
}
