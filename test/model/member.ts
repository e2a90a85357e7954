import { setTimeout } from 'node:timers/promises';
import { describeReplies } from '../differential/sequence.js';
import { RawClient, type RawTarget } from '../support/raw-client.js';
import type { Greeting, Login } from '../support/raw-login.js';
import { cancelRequest, query, type RawMessage, terminate } from '../support/raw-messages.js';
import type { Action } from './author.js';

const cancelEveryMs = 5;

/** A client of a program, and what it was told. */
export class Member {
  /** In the order in which they came. */
  readonly notifications: string[] = [];

  private constructor(
    readonly target: RawTarget,
    readonly client: RawClient,
    private readonly greeting: Greeting,
  ) {}

  static async connect(target: RawTarget, account: Login): Promise<Member> {
    const client = await RawClient.connect(target);
    return new Member(target, client, await client.login(account));
  }

  /** The answers to all of it, a line a message. What ends the connection is for the caller. */
  async take({ kind, exchanges }: Action): Promise<string[]> {
    const heard: string[] = [];
    let isCopying = false;
    for (const { bytes, ready, isCopyData } of exchanges) {
      if (isCopyData === true && !isCopying) break;
      this.client.send(bytes);
      const answered = this.#hear(ready);
      // What is still on its way to cancel this must not hit what comes next.
      if (kind === 'cancel') await this.#cancelUntil(answered);
      const answer = await answered;
      // One that was cancelled before it had begun has told nothing of its columns.
      heard.push(...answer.lines.filter((line) => kind !== 'cancel' || !line.startsWith('T ')));
      isCopying = answer.isCopying;
    }
    return heard;
  }

  async ask(text: string): Promise<string[]> {
    this.client.send(query(text));
    return (await this.#hear(1)).lines;
  }

  /** Reads until a message is the wanted one, and sets notifications aside: when they come is nobody's promise. */
  async until(isWanted: (message: RawMessage) => boolean): Promise<RawMessage> {
    for (;;) {
      const message = await this.client.read();
      if (message.type === 'A') this.notifications.push(...describeReplies([message]));
      if (isWanted(message)) return message;
    }
  }

  /** Sends one cancel request; resolves when the other side has closed its connection. */
  async cancel(): Promise<void> {
    const client = await RawClient.connect(this.target);
    client.send(cancelRequest(this.greeting.processId, this.greeting.secretKey));
    await client.readUntilClosed();
    await client.destroy();
  }

  async leave(kind: 'terminate' | 'vanish'): Promise<void> {
    if (kind === 'terminate') this.client.send(terminate());
    await this.client.destroy();
  }

  async #cancelUntil(answered: Promise<unknown>): Promise<void> {
    let isAnswered = false;
    const note = () => {
      isAnswered = true;
    };
    answered.then(note, note);
    while (!isAnswered) {
      await this.cancel();
      await Promise.race([answered, setTimeout(cancelEveryMs)]);
    }
  }

  /** All replies up to the last ReadyForQuery that is due, or to CopyInResponse. */
  async #hear(ready: number): Promise<{ lines: string[]; isCopying: boolean }> {
    const messages: RawMessage[] = [];
    let left = ready;
    const last = await this.until((message) => {
      if (message.type !== 'A') messages.push(message);
      if (message.type === 'Z') left--;
      return left === 0 || message.type === 'G';
    });
    return { lines: describeReplies(messages), isCopying: last.type === 'G' };
  }
}
