import { randomBytes } from 'node:crypto';
import { ProxyError } from '../errors/proxy-error.js';
import { AttributeReader, malformed, printable } from './attributes.js';
import { constantTimeEqual, decodeBase64, hmac, keyBytes, sha256, xor } from './keys.js';
import { offeredMechanisms, type ScramMechanism, scramSha256Plus } from './mechanisms.js';
import type { ScramVerifier } from './verifier.js';

const nonceBytes = 18;
const typeShownMax = 30;

export interface ServerScramOptions {
  readonly verifier: ScramVerifier;
  /** The verifier is a mock, or the user may not log in: go through with it and fail at the end. */
  readonly isDoomed: boolean;
  /** `tls-server-end-point` of our certificate; null: no TLS, or a certificate without such a hash. */
  readonly endPointHash: Buffer | null;
  /** For tests: what a server adds to the client's nonce. */
  readonly serverNonce?: string;
}

/** What to answer to a client's message. `failure` is a wrong password: nothing more is said than 28P01. */
export type ScramStep =
  | { readonly kind: 'continue'; readonly data: Buffer }
  | { readonly kind: 'success'; readonly data: Buffer; readonly clientKey: Buffer }
  | { readonly kind: 'failure' };

interface ClientFirst {
  readonly flag: 'n' | 'y' | 'p';
  readonly bare: string;
  readonly nonce: string;
}

type State =
  | { readonly phase: 'expectFirst' }
  | { readonly phase: 'expectFinal'; readonly first: ClientFirst; readonly serverFirst: string }
  | { readonly phase: 'ended' };

/**
 * The server's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677; PG 55.3.1), with PostgreSQL's own complaints:
 * what is malformed throws a `ProxyError` that says what `auth-scram.c` says. A wrong password does not throw.
 */
export class ServerScram {
  readonly #options: ServerScramOptions;
  readonly #isPlus: boolean;
  readonly #serverNonce: string;
  #state: State = { phase: 'expectFirst' };

  /** @param mechanism as the client's SASLInitialResponse names it */
  constructor(mechanism: string, options: ServerScramOptions) {
    const offered = offeredMechanisms(options.endPointHash !== null);
    if (!offered.includes(mechanism as ScramMechanism)) {
      throw new ProxyError('protocolViolation', 'client selected an invalid SASL authentication mechanism');
    }
    this.#options = options;
    this.#isPlus = mechanism === scramSha256Plus;
    this.#serverNonce = options.serverNonce ?? randomBytes(nonceBytes).toString('base64');
  }

  /** @param message the body of the client's SASL message; null: SASLInitialResponse without one */
  exchange(message: Buffer | null): ScramStep {
    // PG: a client may leave out the initial response and is asked for it with an empty challenge.
    if (message === null) return { kind: 'continue', data: Buffer.alloc(0) };
    const text = messageText(message);
    const state = this.#state;
    this.#state = { phase: 'ended' };
    if (state.phase === 'expectFirst') return this.#answerFirst(text);
    if (state.phase === 'expectFinal') return this.#answerFinal(text, state.first, state.serverFirst);
    throw new ProxyError('internal', 'invalid SCRAM exchange state', { severity: 'FATAL' });
  }

  #answerFirst(text: string): ScramStep {
    const first = parseClientFirst(text, this.#isPlus, this.#options.endPointHash !== null);
    const { salt, iterations } = this.#options.verifier;
    const serverFirst = `r=${first.nonce}${this.#serverNonce},s=${salt.toString('base64')},i=${iterations}`;
    this.#state = { phase: 'expectFinal', first, serverFirst };
    return { kind: 'continue', data: Buffer.from(serverFirst, 'latin1') };
  }

  #answerFinal(text: string, first: ClientFirst, serverFirst: string): ScramStep {
    const reader = new AttributeReader(text);
    checkChannelBinding(reader.value('c'), first.flag, this.#isPlus ? this.#options.endPointHash : null);
    const final = readClientFinal(reader);
    const proof = decodeBase64(final.proof);
    if (proof?.length !== keyBytes) throw malformed('Malformed proof in client-final-message.');
    if (!final.endsWithProof) throw malformed('Garbage found at the end of client-final-message.');
    if (final.nonce !== first.nonce + this.#serverNonce) {
      throw new ProxyError('protocolViolation', 'invalid SCRAM response', { detail: 'Nonce does not match.' });
    }
    const { storedKey, serverKey } = this.#options.verifier;
    const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
    const clientKey = xor(proof, hmac(storedKey, authMessage));
    const isRight = constantTimeEqual(sha256(clientKey), storedKey);
    if (!isRight || this.#options.isDoomed) return { kind: 'failure' };
    const signature = hmac(serverKey, authMessage).toString('base64');
    return { kind: 'success', data: Buffer.from(`v=${signature}`, 'latin1'), clientKey };
  }
}

function messageText(message: Buffer): string {
  if (message.length === 0) throw malformed('The message is empty.');
  if (message.includes(0)) throw malformed('Message length does not match input length.');
  return message.toString('latin1');
}

function parseClientFirst(text: string, isPlus: boolean, canBind: boolean): ClientFirst {
  const reader = new AttributeReader(text);
  const flag = readBindingFlag(reader, isPlus, canBind);
  if (reader.peek() === 'a') throw unsupported('client uses authorization identity, but it is not supported');
  if (reader.peek() !== ',') {
    throw malformed(`Unexpected attribute "${printable(reader.peek())}" in client-first-message.`);
  }
  reader.skip();
  const bare = text.slice(reader.position);
  if (reader.peek() === 'm') throw unsupported('client requires an unsupported SCRAM extension');
  reader.value('n'); // ignored: the user is the one of the StartupMessage
  const nonce = reader.value('r');
  if (!/^[!-+\--~]*$/.test(nonce)) {
    throw new ProxyError('protocolViolation', 'non-printable characters in SCRAM nonce');
  }
  while (!reader.atEnd) reader.any();
  return { flag, bare, nonce };
}

/** Reads the flag and the comma behind it, and refuses one that does not fit the mechanism (RFC 5802, 6). */
function readBindingFlag(reader: AttributeReader, isPlus: boolean, canBind: boolean): ClientFirst['flag'] {
  const flag = reader.peek();
  if (flag === 'n' || flag === 'y') {
    if (isPlus) {
      throw malformed(
        'The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.',
      );
    }
    if (flag === 'y' && canBind) throw downgraded();
    reader.skip();
    if (reader.peek() !== ',') throw malformed(`Comma expected, but found character "${printable(reader.peek())}".`);
    reader.skip();
    return flag;
  }
  if (flag !== 'p') throw malformed(`Unexpected channel-binding flag "${printable(flag)}".`);
  if (!isPlus) {
    throw malformed(
      'The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data.',
    );
  }
  const type = reader.value('p');
  if (type !== 'tls-server-end-point') {
    const shown = type.slice(0, typeShownMax).replace(/[^!-~]/g, '?');
    throw new ProxyError('protocolViolation', `unsupported SCRAM channel-binding type "${shown}"`);
  }
  return flag;
}

/** Somebody in between took the PLUS mechanism out of our offer, or the client is broken. */
function downgraded(): ProxyError {
  return new ProxyError('notAuthorised', 'SCRAM channel binding negotiation error', {
    detail:
      'The client supports SCRAM channel binding but thinks the server does not.  ' +
      'However, this server does support channel binding.',
  });
}

function unsupported(message: string): ProxyError {
  return new ProxyError('notSupported', message, { severity: 'FATAL' });
}

interface ClientFinal {
  readonly nonce: string;
  readonly proof: string;
  readonly withoutProof: string;
  readonly endsWithProof: boolean;
}

/** Reads what follows the channel binding. */
function readClientFinal(reader: AttributeReader): ClientFinal {
  const nonce = reader.value('r');
  for (;;) {
    const start = reader.position - 1; // the comma before this attribute
    const { attribute, value } = reader.any();
    if (attribute !== 'p') continue;
    return { nonce, proof: value, withoutProof: reader.text.slice(0, start), endsWithProof: reader.atEnd };
  }
}

/** The binding of the final message repeats the first one's flag, and proves whose certificate the client saw. */
function checkChannelBinding(given: string, flag: ClientFirst['flag'], endPointHash: Buffer | null): void {
  if (endPointHash !== null) {
    const header = Buffer.from('p=tls-server-end-point,,');
    const expected = Buffer.concat([header, endPointHash]).toString('base64');
    if (given !== expected) throw new ProxyError('notAuthorised', 'SCRAM channel binding check failed');
    return;
  }
  const expected = flag === 'n' ? 'biws' : 'eSws'; // base64 of "n,," and "y,,"
  if (given !== expected) {
    throw new ProxyError('protocolViolation', 'unexpected SCRAM channel-binding attribute in client-final-message');
  }
}
