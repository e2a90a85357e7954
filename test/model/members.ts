import type { RawTarget } from '../support/raw-client.js';
import type { Login } from '../support/raw-login.js';
import { Member } from './member.js';

/** Where clients of programs come from and go to. */
export interface Members {
  connect(): Promise<Member>;
  /** One that has done its part. */
  take(member: Member): Promise<void>;
  close(): Promise<void>;
}

/** Each client is a new connection. */
export class NewMembers implements Members {
  constructor(
    readonly target: RawTarget,
    readonly account: Login,
  ) {}

  connect(): Promise<Member> {
    return Member.connect(this.target, this.account);
  }

  take(member: Member): Promise<void> {
    return member.leave('vanish');
  }

  async close(): Promise<void> {}
}

/**
 * Connections to the server itself, which takes longest to make them: a client gets one that another left, made as good
 * as new by the server's own means.
 */
export class KeptMembers implements Members {
  readonly #spare: Member[] = [];

  constructor(
    readonly target: RawTarget,
    readonly account: Login,
  ) {}

  async connect(): Promise<Member> {
    return this.#spare.pop() ?? (await Member.connect(this.target, this.account));
  }

  async take(member: Member): Promise<void> {
    await member.ask('rollback');
    await member.ask('discard all');
    member.notifications.length = 0;
    this.#spare.push(member);
  }

  async close(): Promise<void> {
    await Promise.all(this.#spare.splice(0).map((member) => member.leave('terminate')));
  }
}
