import { describeReplies } from '../differential/sequence.js';
import { RawClient, type RawTarget } from '../support/raw-client.js';
import type { Greeting, Login } from '../support/raw-login.js';
import { cancelRequest, query, type RawMessage, terminate } from '../support/raw-messages.js';
import type { Program, Step } from './program.js';

/** What each step was answered with, and each client's notifications, which come when they come. */
export interface Transcript {
  readonly steps: readonly (readonly string[])[];
  readonly notifications: readonly (readonly string[])[];
}

/** Which channels each client listens on at the end: PostgreSQL is asked, the proxy is held to it. */
export type Channels = readonly (readonly string[])[];

const channels = ['a', 'b'];
const cancelEveryMs = 5;

/** Runs the steps of a program one after the other, each client over a connection of its own. */
export class Lockstep {
  readonly #clients: (Member | null)[];
  readonly #notifications: string[][];

  constructor(
    readonly program: Program,
    readonly target: RawTarget,
    readonly account: Login,
  ) {
    this.#clients = Array.from({ length: program.clients }, () => null);
    this.#notifications = Array.from({ length: program.clients }, () => []);
  }

  async run(): Promise<Transcript['steps']> {
    const steps: string[][] = [];
    for (const step of this.program.steps) steps.push(await this.#take(step));
    for (const member of this.#clients) if (member !== null) await member.ask('rollback');
    return steps;
  }

  async channels(): Promise<Channels> {
    const found: string[][] = [];
    for (const member of this.#clients) {
      const answer = member === null ? [] : await member.ask('select c from pg_listening_channels() c order by c');
      found.push(channels.filter((channel) => answer.some((line) => line.startsWith('D') && line.endsWith(channel))));
    }
    return found;
  }

  /** Waits until each client has heard the last notification there is, and gives all of them in order. */
  async notifications(expected: Channels): Promise<Transcript['notifications']> {
    const last = await RawClient.connect(this.target, this.account);
    for (const channel of channels) await last.ask(`notify ${channel}, 'the end'`);
    await last.destroy();
    for (const [at, member] of this.#clients.entries()) {
      for (const channel of expected[at] ?? [])
        await member?.until((message) => message.type === 'A' && message.body.includes(`${channel}\0the end`));
    }
    return this.#notifications;
  }

  async leave(): Promise<void> {
    await Promise.all(this.#clients.map((member) => member?.client.destroy()));
  }

  async #take({ client: at, kind, exchanges }: Step): Promise<string[]> {
    if (kind === 'terminate' || kind === 'vanish') {
      const member = this.#clients[at];
      this.#clients[at] = null;
      if (kind === 'terminate') member?.client.send(terminate());
      await member?.client.destroy();
      return [];
    }
    const member = await this.#member(at);
    const heard: string[] = [];
    for (const { bytes, ready } of exchanges) {
      member.client.send(bytes);
      const cancelling = kind === 'cancel' ? setInterval(() => this.#cancel(member), cancelEveryMs) : undefined;
      const { lines, isCopying } = await member.hear(ready).finally(() => clearInterval(cancelling));
      heard.push(...lines);
      // A COPY that is refused takes no data.
      if (!isCopying) break;
    }
    return heard;
  }

  async #member(at: number): Promise<Member> {
    const known = this.#clients[at];
    if (known !== null && known !== undefined) return known;
    const client = new RawClient((await RawClient.connect(this.target)).socket);
    const member = new Member(client, await client.login(this.account), this.#notifications[at] ?? []);
    this.#clients[at] = member;
    return member;
  }

  #cancel({ greeting }: Member): void {
    void RawClient.connect(this.target).then(async (client) => {
      client.send(cancelRequest(greeting.processId, greeting.secretKey));
      await client.readUntilClosed();
      await client.destroy();
    });
  }
}

class Member {
  constructor(
    readonly client: RawClient,
    readonly greeting: Greeting,
    private readonly notifications: string[],
  ) {}

  async ask(text: string): Promise<string[]> {
    this.client.send(query(text));
    return (await this.hear(1)).lines;
  }

  /** All replies up to the last ReadyForQuery that is due, or to CopyInResponse. */
  async hear(ready: number): Promise<{ lines: string[]; isCopying: boolean }> {
    const messages: RawMessage[] = [];
    let left = ready;
    const last = await this.until((message) => {
      if (message.type !== 'A') messages.push(message);
      if (message.type === 'Z') left--;
      return left === 0 || message.type === 'G';
    });
    return { lines: describeReplies(messages), isCopying: last.type === 'G' };
  }

  /** Reads until a message is the wanted one, and sets notifications aside: when they come is nobody's promise. */
  async until(isWanted: (message: RawMessage) => boolean): Promise<RawMessage> {
    for (;;) {
      const message = await this.client.read();
      if (message.type === 'A') this.notifications.push(...describeReplies([message]));
      if (isWanted(message)) return message;
    }
  }
}
