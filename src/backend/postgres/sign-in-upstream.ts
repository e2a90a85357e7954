import { on } from 'node:events';
import type { Socket } from 'node:net';
import { type FrameReader, framing } from '../../../protocol/frame-reader.js';
import { backend } from '../../../protocol/message-types.js';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { type Authentication, decodeAuthentication } from '../../../protocol/messages/authentication.js';
import { decodeBackendKeyData } from '../../../protocol/messages/backend-key-data.js';
import { decodeErrorResponse, type ErrorFields } from '../../../protocol/messages/error-response.js';
import { decodeParameterStatus } from '../../../protocol/messages/parameter-status.js';
import { encodePasswordMessage } from '../../../protocol/messages/password-message.js';
import { encodeSASLInitialResponse } from '../../../protocol/messages/sasl-initial-response.js';
import { encodeSASLResponse } from '../../../protocol/messages/sasl-response.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { ClientScram } from '../../scram/client-scram.js';
import { md5Answer, md5Secret } from '../../scram/md5.js';
import { chooseMechanism } from '../../scram/mechanisms.js';
import { certificateHash } from '../../tls/certificate-hash.js';
import type { UpstreamSecrets } from './postgres-upstream.js';
import type { UpstreamTarget } from './upstream-target.js';

/** The server's ErrorResponse instead of a session. */
export class ServerRefusal extends Error {
  constructor(
    readonly fields: ErrorFields,
    /** It came after the server had asked for a password. */
    readonly isAuthenticating: boolean,
  ) {
    super(fields.message);
  }
}

export interface SignedIn {
  readonly parameters: Map<string, string>;
  readonly secrets: UpstreamSecrets;
}

/** Answers what the server asks after the StartupMessage, up to its first ReadyForQuery. */
export async function signInUpstream(
  socket: Socket,
  reader: FrameReader,
  target: UpstreamTarget,
  certificate: Buffer | null,
  signal: AbortSignal,
): Promise<SignedIn> {
  const credentials = new Credentials(target, certificate);
  const parameters = new Map<string, string>();
  let secrets: UpstreamSecrets = { processId: 0, secretKey: Buffer.alloc(4) };
  for await (const { type, body } of messages(socket, reader, signal)) {
    switch (type) {
      case backend.Authentication: {
        const answer = await credentials.answer(decodeAuthentication(body));
        if (answer !== null) socket.write(answer);
        break;
      }
      case backend.ParameterStatus: {
        const { name, value } = decodeParameterStatus(body);
        parameters.set(name, value);
        break;
      }
      case backend.BackendKeyData: {
        const { processId, secretKey } = decodeBackendKeyData(body);
        secrets = { processId, secretKey: Buffer.from(secretKey) };
        break;
      }
      case backend.ErrorResponse:
        throw new ServerRefusal(decodeErrorResponse(body), credentials.wereAskedFor);
      case backend.ReadyForQuery:
        return { parameters, secrets };
    }
  }
  throw new Error('the server closed the connection during start-up');
}

async function* messages(
  socket: Socket,
  reader: FrameReader,
  signal: AbortSignal,
): AsyncGenerator<{ type: number; body: Buffer }> {
  const chunks = on(socket, 'data', { signal, close: ['end', 'close'] });
  socket.resume();
  for await (const [chunk] of chunks) {
    reader.push(chunk as Buffer);
    while (reader.next() === framing.frame) {
      yield { type: reader.type, body: reader.buffer.subarray(reader.start + 5, reader.end) };
    }
  }
}

/** What proves to the server who we are, by whichever method it asks for. */
class Credentials {
  wereAskedFor = false;
  readonly #target: UpstreamTarget;
  readonly #endPointHash: Buffer | null;
  #scram: ClientScram | null = null;
  #isProven = false;

  constructor(target: UpstreamTarget, certificate: Buffer | null) {
    this.#target = target;
    this.#endPointHash = certificate === null ? null : certificateHash(certificate);
  }

  async answer(asked: Authentication): Promise<Buffer | null> {
    if (asked.kind !== 'ok') this.wereAskedFor = true;
    switch (asked.kind) {
      case 'ok':
        this.#expectBinding();
        return null;
      case 'cleartextPassword':
        return passwordMessage(this.#password());
      case 'md5Password':
        return passwordMessage(md5Answer(md5Secret(this.#target.account.user, this.#password()), asked.salt));
      case 'sasl':
        return this.#beginScram(asked.mechanisms);
      case 'saslContinue':
        return saslResponse(await this.#ongoing().final(asked.data));
      case 'saslFinal':
        this.#ongoing().verify(asked.data);
        this.#isProven = true;
        this.#target.scramKeys = this.#ongoing().keys;
        return null;
      case 'unsupported':
        throw new ProxyError('upstreamUnavailable', `the server asks for ${asked.method} authentication`);
    }
  }

  #beginScram(mechanisms: readonly string[]): Buffer {
    const { scramKeys } = this.#target;
    const { credential, address } = this.#target.account;
    const mechanism = chooseMechanism(mechanisms, this.#endPointHash !== null, address.channelBinding);
    if (mechanism === null) throw new ProxyError('upstreamUnavailable', 'the server offers no SASL mechanism to use');
    if (credential === null) throw missingPassword();
    this.#scram = new ClientScram({
      mechanism,
      credential,
      endPointHash: this.#endPointHash,
      channelBinding: address.channelBinding,
      cachedKeys: scramKeys,
    });
    const writer = new MessageWriter(256);
    encodeSASLInitialResponse(writer, { mechanism, response: this.#scram.first() });
    return writer.take();
  }

  #ongoing(): ClientScram {
    if (this.#scram === null) throw new Error('the server went on with an exchange that was not begun');
    return this.#scram;
  }

  /** A server that lets us in without a proof has not shown that it is the one we meant. */
  #expectBinding(): void {
    if (this.#target.account.address.channelBinding === 'require' && !this.#isProven) {
      throw new ProxyError('upstreamUnavailable', 'the server did not authenticate with channel binding');
    }
  }

  #password(): string {
    const { credential, address } = this.#target.account;
    if (address.channelBinding === 'require') {
      throw new ProxyError('upstreamUnavailable', 'the server asks for a password without channel binding');
    }
    if (credential?.kind !== 'password') throw missingPassword();
    return credential.password.toString();
  }
}

function missingPassword(): ProxyError {
  return new ProxyError('upstreamUnavailable', 'the server asks for a password, and none is known for this user');
}

function passwordMessage(password: string): Buffer {
  const writer = new MessageWriter(128);
  encodePasswordMessage(writer, { password });
  return writer.take();
}

function saslResponse(response: Buffer): Buffer {
  const writer = new MessageWriter(256);
  encodeSASLResponse(writer, { response });
  return writer.take();
}
