import { createHash, X509Certificate } from 'node:crypto';
import { derElements, derOid } from './der.js';

/** The hash of each signature algorithm (RFC 8017, 5758, 8692), by the object identifier in the certificate. */
const hashBySignature: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5',
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '2.16.840.1.101.3.4.3.2': 'sha256', // DSA
};

const rsaPss = '1.2.840.113549.1.1.10';

const hashByOid: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/**
 * The channel binding `tls-server-end-point` of a server certificate (RFC 5929, 4.1): its hash by the hash function of
 * its own signature, with SHA-256 in place of MD5 and SHA-1.
 *
 * @param certificate DER, or PEM of which the first certificate counts
 * @returns null where the signature has no hash function of its own (Ed25519): then nothing can be bound, and
 *   SCRAM-SHA-256-PLUS must neither be offered nor chosen
 */
export function certificateHash(certificate: Buffer | string): Buffer | null {
  const der = new X509Certificate(certificate).raw;
  const hash = signatureHash(der);
  if (hash === null) return null;
  return createHash(hash === 'md5' || hash === 'sha1' ? 'sha256' : hash)
    .update(der)
    .digest();
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm { algorithm, parameters }, signature } (RFC 5280). */
function signatureHash(der: Buffer): string | null {
  const [, algorithm] = derElements(derElements(der)[0]?.content);
  const [identifier, parameters] = derElements(algorithm?.content);
  const name = derOid(identifier);
  if (name === rsaPss) return pssHash(parameters?.content);
  return hashBySignature[name] ?? null;
}

/** RSASSA-PSS-params ::= SEQUENCE { [0] hashAlgorithm DEFAULT sha1, ... } (RFC 8017, A.2.3). */
function pssHash(parameters: Buffer | undefined): string | null {
  const explicit = derElements(parameters).find((element) => element.tag === 0xa0);
  if (explicit === undefined) return 'sha1';
  const [identifier] = derElements(derElements(explicit.content)[0]?.content);
  return hashByOid[derOid(identifier)] ?? null;
}
