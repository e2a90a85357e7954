import { frontend } from '../../../protocol/message-types.js';
import { ProtocolError } from '../../../protocol/protocol-error.js';
import type { AnswerKind, AuthDialog, NoAnswer } from '../../auth/auth-dialog.js';
import type { AcceptedClient } from './accepted-client.js';
import { StartupReader } from './startup-reader.js';

/** The length word counts itself. */
const lengthBytes = 4;
/** What it may say: PG_MAX_AUTH_TOKEN_LENGTH in auth.c, PG_MAX_SASL_MESSAGE_LENGTH in auth-sasl.c. */
const lengthMax: Readonly<Record<AnswerKind, number>> = { password: 65_535, SASL: 1024 };

/** The conversation with a client up to AuthenticationOk. */
export class StartupDialog implements AuthDialog {
  readonly #socket: AcceptedClient['socket'];
  readonly #reader: StartupReader;

  constructor(socket: AcceptedClient['socket']) {
    this.#socket = socket;
    this.#reader = new StartupReader(socket);
  }

  tell(message: Buffer): void {
    if (this.#socket.writable) this.#socket.write(message);
  }

  /** As `tell`, with what else is written in this turn of the event loop: the client is woken once. */
  tellFirst(message: Buffer): void {
    this.#socket.cork();
    this.tell(message);
    setImmediate(() => this.#socket.uncork());
  }

  async ask(request: Buffer, kind: AnswerKind): Promise<Buffer | NoAnswer> {
    this.tell(request);
    const type = (await this.#reader.take(1))?.[0];
    if (type === undefined) return 'gone';
    if (type !== frontend.PasswordMessage) {
      throw new ProtocolError('08P01', `expected ${kind} response, got message type ${type}`, { fatal: true });
    }
    const cutShort = kind === 'SASL' ? 'invalid-length' : 'gone';
    const length = (await this.#reader.take(lengthBytes))?.readInt32BE(0);
    if (length === undefined) return cutShort;
    if (length < lengthBytes || length > lengthMax[kind]) return 'invalid-length';
    if (length === lengthBytes) return Buffer.alloc(0);
    return (await this.#reader.take(length - lengthBytes)) ?? cutShort;
  }

  /** Lets go of the socket and gives what arrived behind the last message that was asked for. */
  end(): Buffer {
    return this.#reader.releaseRest();
  }
}
