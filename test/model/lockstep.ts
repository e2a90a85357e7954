import { channelsHeard, heardAll } from './channels.js';
import type { Member } from './member.js';
import type { Members } from './members.js';
import type { Part, Program, Step } from './program.js';

/** What each step was answered with, and each client's notifications, which come when they come. */
export interface Transcript {
  readonly steps: readonly (readonly string[])[];
  readonly notifications: readonly (readonly string[])[];
}

/** Which channels each client listens on at the end: PostgreSQL is asked, the proxy is held to it. */
export type Channels = readonly (readonly string[])[];

const channels = ['a', 'b'];

/** Runs the steps of a program one after the other, each client over a connection of its own. */
export class Lockstep {
  readonly #clients: (Member | null)[];

  constructor(
    readonly program: Program,
    readonly members: Members,
  ) {
    this.#clients = Array.from({ length: program.clients }, () => null);
  }

  async run(): Promise<Transcript['steps']> {
    const steps: string[][] = [];
    for (const step of this.program.steps) steps.push(await this.#take(step));
    await Promise.all(this.#clients.map((member) => member?.ask('rollback')));
    return steps;
  }

  channels(): Promise<Channels> {
    return Promise.all(this.#clients.map((member) => (member === null ? [] : channelsHeard(member, channels))));
  }

  /** Waits until each client has heard the last notification there is, and gives all of them in order. */
  async notifications(expected: Channels): Promise<Transcript['notifications']> {
    const last = await this.members.connect();
    for (const channel of channels) await last.ask(`notify ${channel}, 'the end'`);
    await this.members.take(last);
    for (const [at, member] of this.#clients.entries()) if (member !== null) await heardAll(member, expected[at] ?? []);
    return this.#clients.map((member) => member?.notifications.slice() ?? []);
  }

  async leave(): Promise<void> {
    await Promise.all(this.#clients.map((member) => member && this.members.take(member)));
  }

  /** The answers to all of it, whoever was answered first. */
  async #take({ first, others, end }: Step): Promise<string[]> {
    const answers = [first, ...others].map((part) => this.#act(part));
    await Promise.all(answers.slice(1));
    if (end !== null) answers.push(this.#act(end));
    return (await Promise.all(answers)).flat();
  }

  async #act(part: Part): Promise<string[]> {
    const { client: at, kind } = part;
    const member = this.#clients[at] ?? null;
    if (kind === 'terminate' || kind === 'vanish') {
      this.#clients[at] = null;
      await member?.leave(kind);
      return [];
    }
    return await (member ?? (await this.#connect(at))).take(part);
  }

  async #connect(at: number): Promise<Member> {
    const member = await this.members.connect();
    this.#clients[at] = member;
    return member;
  }
}
