import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls';
import { ProxyError } from '../errors/proxy-error.js';
import { readCertificates, readKey } from './read-pem.js';
import { alpnProtocol } from './server-tls.js';

/** libpq's `sslmode` (PG 34.19.3). */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface UpstreamTlsSettings {
  readonly host: string;
  /** Not null: a Unix socket, on which libpq never speaks TLS. */
  readonly socketPath: string | null;
  readonly sslmode: SslMode;
  /** A file, or `system`, or null. */
  readonly sslrootcert: string | null;
  readonly sslcert: string | null;
  readonly sslkey: string | null;
}

/**
 * How to reach an upstream, first way first.
 *
 * - `clear`: the StartupMessage at once.
 * - `tls`: SSLRequest, and give up when it is answered `N`.
 * - `tls-if-offered`: SSLRequest, and go on in clear on the same connection when it is answered `N`.
 *
 * The next way is taken, on a new connection, when the TLS handshake fails or the server answers the StartupMessage
 * with an ErrorResponse before it has asked for a password; not when nothing could be connected to, nor for a wrong
 * password (PG 34.19.3, `allow` and `prefer`).
 */
export type ConnectWay = 'clear' | 'tls' | 'tls-if-offered';

export interface UpstreamTls {
  readonly ways: readonly ConnectWay[];
  /** For `tls.connect`, with `socket` added: the certificate is verified there as far as the mode asks for. */
  readonly options: ConnectionOptions;
}

const waysByMode: Readonly<Record<SslMode, readonly ConnectWay[]>> = {
  disable: ['clear'],
  allow: ['clear', 'tls'],
  prefer: ['tls-if-offered', 'clear'],
  require: ['tls'],
  'verify-ca': ['tls'],
  'verify-full': ['tls'],
};

/**
 * What libpq's TLS settings mean for Node. Root certificates are those of `sslrootcert`; without them, `verify-ca` and
 * `verify-full` take Node's own (libpq would look into a home directory), and the weaker modes verify nothing.
 *
 * @throws ProxyError `configInvalid` that names the file
 */
export async function loadUpstreamTls(settings: UpstreamTlsSettings): Promise<UpstreamTls> {
  if (settings.socketPath !== null) return { ways: ['clear'], options: {} };
  const ways = waysByMode[settings.sslmode];
  if (settings.sslmode === 'disable') return { ways, options: {} };
  const { sslrootcert, sslcert, sslkey } = settings;
  const isSystem = sslrootcert === null || sslrootcert === 'system';
  const ca = isSystem ? null : (await readCertificates(sslrootcert, 'root certificate')).pem;
  const cert = sslcert === null ? null : (await readCertificates(sslcert, 'client certificate')).pem;
  const key = sslkey === null ? null : await readKey(sslkey);
  const verifies = sslrootcert !== null || settings.sslmode === 'verify-ca' || settings.sslmode === 'verify-full';
  const options: ConnectionOptions = {
    host: settings.host,
    // RFC 6066, 3: a server name is a host name, never an address.
    servername: isIP(settings.host) === 0 ? settings.host : '',
    secureContext: clientContext(settings, ca, cert, key),
    rejectUnauthorized: verifies,
    checkServerIdentity: settings.sslmode === 'verify-full' ? verifyHost(settings.host) : () => undefined,
    ALPNProtocols: [alpnProtocol],
  };
  return { ways, options };
}

function clientContext(
  settings: UpstreamTlsSettings,
  ca: Buffer | null,
  cert: Buffer | null,
  key: Buffer | null,
): ReturnType<typeof createSecureContext> {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === null ? {} : { ca }),
      ...(cert === null ? {} : { cert }),
      ...(key === null ? {} : { key }),
    });
  } catch (cause) {
    const files = [settings.sslrootcert, settings.sslcert, settings.sslkey].filter((file) => file !== null);
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new ProxyError('configInvalid', `${files.join(', ')}: not usable for TLS (${reason})`, {
      cause,
      hint: 'Key and certificate must be PEM and a pair, and the key without a passphrase.',
    });
  }
}

/**
 * `verify-full`: the host as it was configured must be in the certificate. As libpq, and unlike Node, an address is
 * also looked for in the common name when the certificate has no alternative names at all.
 */
function verifyHost(host: string): (name: string, certificate: PeerCertificate) => Error | undefined {
  return (_name, certificate) => {
    const isOldStyle = isIP(host) !== 0 && certificate.subjectaltname === undefined;
    if (isOldStyle && certificate.subject?.CN === host) return undefined;
    return checkServerIdentity(host, certificate);
  };
}
