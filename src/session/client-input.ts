import { FrameReader, type Framing, framing } from '../../protocol/frame-reader.js';
import { clientRules } from './startup/client-rules.js';

/**
 * What a client has sent and is yet to be taken, message by message. What was taken before may be put back, and comes
 * again before the rest.
 */
export class ClientInput {
  /** Has the message in hand. */
  reader = new FrameReader(clientRules);
  readonly #fromSocket = this.reader;
  /** The message in hand has its token of the rate limit. */
  isWithinRate = false;
  /** The message in hand was not taken yet. */
  #inHand: Framing = framing.none;
  /** Readers whose turn comes when what was put back is done with, the next one last. */
  readonly #later: { readonly reader: FrameReader; readonly inHand: Framing }[] = [];

  /** Whether the message in hand was put back. */
  get isAgain(): boolean {
    return this.#later.length > 0;
  }

  /** Whether all that has come from the client are whole messages. */
  get isAtBoundary(): boolean {
    return this.#fromSocket.isAtBoundary;
  }

  push(chunk: Buffer): void {
    this.#fromSocket.push(chunk);
  }

  /** The message in hand: the same one until it is taken. */
  next(): Framing {
    while (this.#inHand === framing.none) {
      this.#inHand = this.reader.next();
      if (this.#inHand !== framing.none) break;
      const later = this.#later.pop();
      if (later === undefined) break;
      this.reader = later.reader;
      this.#inHand = later.inHand;
    }
    return this.#inHand;
  }

  taken(): void {
    this.isWithinRate = false;
    this.#inHand = framing.none;
  }

  /** These whole messages come next, before the one in hand. */
  putBack(messages: readonly Buffer[]): void {
    this.#later.push({ reader: this.reader, inHand: this.#inHand });
    this.reader = new FrameReader(clientRules);
    this.#inHand = framing.none;
    for (const each of messages) this.reader.push(each);
  }
}
