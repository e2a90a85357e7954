import { randomBytes } from 'node:crypto';
import { ProxyError } from '../errors/proxy-error.js';
import { AttributeReader } from './attributes.js';
import { constantTimeEqual, decodeBase64, deriveKeys, hmac, type ScramKeys, sha256, xor } from './keys.js';
import { type ChannelBinding, type ScramMechanism, scramSha256Plus } from './mechanisms.js';
import { parseVerifier } from './verifier.js';

const nonceBytes = 18;
/** A server that asks for more would keep a thread busy for seconds. */
const iterationsMax = 1_000_000;

/** A password, or what a client's login with SCRAM left with us: its key, and the verifier that the server shares. */
export type ScramCredential =
  | { readonly kind: 'password'; readonly password: string | Buffer }
  | { readonly kind: 'scram'; readonly clientKey: Buffer; readonly verifier: string };

/** Keys made from a password for one salt: kept, they spare the next login to the same server the derivation. */
export interface CachedKeys extends ScramKeys {
  readonly salt: Buffer;
  readonly iterations: number;
}

export interface ClientScramOptions {
  readonly mechanism: ScramMechanism;
  readonly credential: ScramCredential;
  /** `tls-server-end-point` of the server's certificate; null: no TLS, or a certificate without such a hash. */
  readonly endPointHash: Buffer | null;
  readonly channelBinding: ChannelBinding;
  /** `keys` of an earlier exchange with the same password. */
  readonly cachedKeys?: CachedKeys | null;
  /** For tests. */
  readonly nonce?: string;
}

/**
 * The client's side of one SCRAM-SHA-256 exchange: `first`, `final` and `verify`, in this order. What a server says
 * wrong throws a `ProxyError` of the upstream, in libpq's words and without anything of the exchange in it.
 */
export class ClientScram {
  readonly #options: ClientScramOptions;
  readonly #nonce: string;
  readonly #header: string;
  #keys: CachedKeys | null = null;
  #serverSignature: Buffer | null = null;

  constructor(options: ClientScramOptions) {
    this.#options = options;
    this.#nonce = options.nonce ?? randomBytes(nonceBytes).toString('base64');
    this.#header = gs2Header(options);
  }

  /** To be kept for the next login once this one has succeeded; null before `final`. */
  get keys(): CachedKeys | null {
    return this.#keys;
  }

  /** The client-first-message. The user is left empty: PostgreSQL takes the one of the StartupMessage. */
  first(): Buffer {
    return Buffer.from(`${this.#header}n=,r=${this.#nonce}`, 'latin1');
  }

  /** The client-final-message that answers the server's first. */
  async final(serverFirst: Buffer): Promise<Buffer> {
    const text = serverFirst.toString('latin1');
    const { nonce, salt, iterations } = parseServerFirst(text, this.#nonce);
    const keys = await this.#keysFor(salt, iterations);
    const binding = Buffer.concat([Buffer.from(this.#header), this.#bindingData()]).toString('base64');
    const withoutProof = `c=${binding},r=${nonce}`;
    const authMessage = `n=,r=${this.#nonce},${text},${withoutProof}`;
    const proof = xor(keys.clientKey, hmac(sha256(keys.clientKey), authMessage));
    this.#keys = keys;
    this.#serverSignature = hmac(keys.serverKey, authMessage);
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`, 'latin1');
  }

  /** Checks that the server knew the password as well. */
  verify(serverFinal: Buffer): void {
    const text = serverFinal.toString('latin1');
    if (text.startsWith('e=')) throw failed('error received from server in SCRAM exchange');
    const signature = text.startsWith('v=') ? decodeBase64(text.slice(2).split(',')[0] ?? '') : null;
    if (signature === null) throw failed('malformed SCRAM message (invalid server signature)');
    if (this.#serverSignature === null || !constantTimeEqual(signature, this.#serverSignature)) {
      throw failed('incorrect server signature');
    }
  }

  #bindingData(): Buffer {
    const { mechanism, endPointHash } = this.#options;
    return mechanism === scramSha256Plus && endPointHash !== null ? endPointHash : Buffer.alloc(0);
  }

  async #keysFor(salt: Buffer, iterations: number): Promise<CachedKeys> {
    const { credential, cachedKeys } = this.#options;
    if (credential.kind === 'scram') return keysOfLogin(credential.clientKey, credential.verifier, salt, iterations);
    if (cachedKeys?.iterations === iterations && cachedKeys.salt.equals(salt)) return cachedKeys;
    return { salt, iterations, ...(await deriveKeys(credential.password, salt, iterations)) };
  }
}

function gs2Header({ mechanism, endPointHash, channelBinding }: ClientScramOptions): string {
  if (mechanism === scramSha256Plus) {
    if (endPointHash === null) throw new ProxyError('internal', 'channel binding without TLS');
    return 'p=tls-server-end-point,,';
  }
  // `y`: we could have, the server did not offer it. A server that did knows then that its offer was tampered with.
  return endPointHash !== null && channelBinding !== 'disable' ? 'y,,' : 'n,,';
}

function keysOfLogin(clientKey: Buffer, verifierText: string, salt: Buffer, iterations: number): CachedKeys {
  const verifier = parseVerifier(verifierText);
  if (verifier === null || verifier.iterations !== iterations || !verifier.salt.equals(salt)) {
    throw failed(
      'the server holds another SCRAM verifier for this user',
      "Give pgturnstile the verifier of the server (pg_authid.rolpassword), or a user in the database's url.",
    );
  }
  return { salt, iterations, clientKey, serverKey: verifier.serverKey };
}

function parseServerFirst(text: string, clientNonce: string): { nonce: string; salt: Buffer; iterations: number } {
  const reader = new AttributeReader(text);
  const nonce = attribute(reader, 'r');
  if (nonce.length <= clientNonce.length || !nonce.startsWith(clientNonce)) {
    throw failed('invalid SCRAM response (nonce mismatch)');
  }
  const salt = decodeBase64(attribute(reader, 's'));
  if (salt === null || salt.length === 0) throw failed('malformed SCRAM message (invalid salt)');
  const count = attribute(reader, 'i');
  const iterations = /^[0-9]{1,10}$/.test(count) ? Number(count) : 0;
  if (iterations < 1) throw failed('malformed SCRAM message (invalid iteration count)');
  if (iterations > iterationsMax) throw failed(`the server asks for more than ${iterationsMax} SCRAM iterations`);
  if (!reader.atEnd) throw failed('malformed SCRAM message (garbage at end of server-first-message)');
  return { nonce, salt, iterations };
}

function attribute(reader: AttributeReader, name: string): string {
  try {
    return reader.value(name);
  } catch (error) {
    throw failed(`malformed SCRAM message (attribute "${name}" expected)`, undefined, error);
  }
}

function failed(message: string, hint?: string, cause?: unknown): ProxyError {
  return new ProxyError('upstreamUnavailable', `could not authenticate to the server: ${message}`, { hint, cause });
}
