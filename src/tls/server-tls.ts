import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type TLSSocketOptions } from 'node:tls';
import { ProxyError } from '../errors/proxy-error.js';
import { certificateHash } from './certificate-hash.js';
import { readCertificates, readKey } from './read-pem.js';

/** The name that clients of a direct TLS start must ask for (PG 55.2.9). */
export const alpnProtocol = 'postgresql';

export interface ServerTlsFiles {
  readonly mode: 'off' | 'allow' | 'require';
  readonly cert: string | null;
  readonly key: string | null;
  readonly clientCa: string | null;
}

/** One state of the certificates, for the clients that come from now on. A reload makes another. */
export interface ServerTls {
  /**
   * For a `TLSSocket` with `isServer`. With `clientCa` a client is asked for a certificate and may have none. Node does
   * not refuse one that fails verification: who accepts the socket must, as PostgreSQL does.
   */
  readonly options: TLSSocketOptions;
  readonly requestsClientCertificate: boolean;
  /** `tls-server-end-point`; null: this certificate can't be bound to. */
  readonly endPointHash: Buffer | null;
  readonly validTo: Date;
}

/**
 * Reads the files and checks that they belong together.
 *
 * @returns null when TLS is off
 * @throws ProxyError `configInvalid` that names the file
 */
export async function loadServerTls(files: ServerTlsFiles): Promise<ServerTls | null> {
  if (files.mode === 'off' || files.cert === null || files.key === null) return null;
  const cert = await readCertificates(files.cert, 'server certificate');
  const key = await readKey(files.key);
  const ca = files.clientCa === null ? null : await readCertificates(files.clientCa, 'client authorities');
  return {
    options: {
      secureContext: secureServerContext(files, cert.pem, key, ca?.pem ?? null),
      requestCert: ca !== null,
      rejectUnauthorized: false,
      ALPNProtocols: [alpnProtocol],
    },
    requestsClientCertificate: ca !== null,
    endPointHash: certificateHash(cert.first.raw),
    validTo: new Date(cert.first.validTo),
  };
}

function secureServerContext(files: ServerTlsFiles, cert: Buffer, key: Buffer, ca: Buffer | null): SecureContext {
  try {
    return createSecureContext({
      cert,
      key,
      ...(ca === null ? {} : { ca }),
      minVersion: 'TLSv1.2',
      honorCipherOrder: true,
      // As PostgreSQL: no session outlives its connection, and nobody renegotiates in the middle of one.
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    });
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new ProxyError('configInvalid', `${files.key}: the key does not fit ${files.cert} (${reason})`, {
      cause,
      hint: 'Key and certificate must be PEM and a pair, and the key without a passphrase.',
    });
  }
}
