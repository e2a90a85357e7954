import { ProxyError } from '../errors/proxy-error.js';
import { type Claim, plainSecret, proven, type SignIn } from './claim.js';

/** The certificate's common name must be the user. @throws ProxyError 28000 when there is no certificate */
export function signInByCertificate({ user, account, certificate }: Claim): SignIn {
  if (certificate === null) throw new ProxyError('notAuthorised', 'connection requires a valid client certificate');
  if (certificate.commonName === user) return proven('cert', plainSecret(account));
  const reason =
    certificate.commonName === null
      ? 'the client certificate contains no user name'
      : `the client certificate is for "${certificate.commonName}"`;
  return { outcome: 'failed', reason };
}
