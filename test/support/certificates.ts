import { randomBytes } from 'node:crypto';
import forge from 'node-forge';

export interface Certificate {
  /** PEM. */
  cert: string;
  key: string;
}

export interface Authority extends Certificate {
  /** A certificate signed by this authority: for servers by host names and addresses, for clients by a common name. */
  issue(commonName: string, hosts?: readonly string[]): Certificate;
}

const validMs = 24 * 60 * 60 * 1000;

/** An authority for the tests of one run; everything it signs is good for a day around now. */
export function createAuthority(commonName = 'pgturnstile tests'): Authority {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const subject = [{ name: 'commonName', value: commonName }];
  const certificate = draft(keys.publicKey, subject, subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());

  function issue(name: string, hosts: readonly string[] = []): Certificate {
    const own = forge.pki.rsa.generateKeyPair(2048);
    const signed = draft(own.publicKey, [{ name: 'commonName', value: name }], subject);
    // Subject alternative names are of type 7 for addresses and 2 for names.
    const altNames = hosts.map((host) => (/^[\d.]+$|:/.test(host) ? { type: 7, ip: host } : { type: 2, value: host }));
    signed.setExtensions([
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
    ]);
    signed.sign(keys.privateKey, forge.md.sha256.create());
    return { cert: forge.pki.certificateToPem(signed), key: forge.pki.privateKeyToPem(own.privateKey) };
  }

  const own = { cert: forge.pki.certificateToPem(certificate), key: forge.pki.privateKeyToPem(keys.privateKey) };
  return { ...own, issue };
}

function draft(
  publicKey: forge.pki.PublicKey,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // A serial number is positive: its first bit stays clear.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - validMs);
  certificate.validity.notAfter = new Date(Date.now() + validMs);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  return certificate;
}
