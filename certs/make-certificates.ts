import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate and its private key, both PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

const generate = promisify(generateKeyPair);

const keyBits = 2048;
const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const serverDays = 730;
/** Clocks of development machines and containers differ. */
const earlierMs = dayMs;

// X.509 subject alternative names (RFC 5280, 4.2.1.6).
const dnsName = 2;
const ipAddress = 7;

/** An authority of one's own, for development: whoever has its key can pass for any server that trusts it. */
export async function makeAuthority(): Promise<CertificatePair> {
  const keys = await makeKeys();
  const name = [{ name: 'commonName', value: `pgturnstile development CA ${randomBytes(4).toString('hex')}` }];
  const certificate = draft(keys.publicKey, name, name, authorityDays);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return sign(certificate, keys.privateKey, keys.privateKey);
}

/** @param hosts names (one may begin with `*.`) and addresses, at least one; the first is also the common name */
export async function makeServerCertificate(
  authority: CertificatePair,
  hosts: readonly string[],
): Promise<CertificatePair> {
  const keys = await makeKeys();
  const issuer = forge.pki.certificateFromPem(authority.cert);
  const subject = [{ name: 'commonName', value: hosts[0] ?? 'localhost' }];
  const certificate = draft(keys.publicKey, subject, issuer.subject.attributes, serverDays);
  const altNames = hosts.map((host) =>
    isIP(host) === 0 ? { type: dnsName, value: host } : { type: ipAddress, ip: host },
  );
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  return sign(certificate, forge.pki.privateKeyFromPem(authority.key), keys.privateKey);
}

interface KeyPair {
  readonly publicKey: forge.pki.rsa.PublicKey;
  readonly privateKey: forge.pki.rsa.PrivateKey;
}

/** Keys are Node's: forge only writes the certificates. */
async function makeKeys(): Promise<KeyPair> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: keyBits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicKey: forge.pki.publicKeyFromPem(publicKey), privateKey: forge.pki.privateKeyFromPem(privateKey) };
}

function draft(
  publicKey: forge.pki.PublicKey,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  days: number,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // A serial number is positive, hence the leading byte.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - earlierMs);
  certificate.validity.notAfter = new Date(Date.now() + days * dayMs);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  return certificate;
}

function sign(
  certificate: forge.pki.Certificate,
  signer: forge.pki.rsa.PrivateKey,
  ownKey: forge.pki.rsa.PrivateKey,
): CertificatePair {
  certificate.sign(signer, forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: forge.pki.privateKeyToPem(ownKey) };
}
