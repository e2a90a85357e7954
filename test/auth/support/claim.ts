import type { AnswerKind, AuthDialog, NoAnswer } from '../../../src/auth/auth-dialog.js';
import type { Claim, SignIn } from '../../../src/auth/claim.js';
import { UserSecrets } from '../../../src/auth/user-secrets.js';
import type { UserConfig } from '../../../src/config/config.js';

/** One for all claims of a test file: what is made up about a user depends on it. */
export const secrets = new UserSecrets();

export function account(name: string, secret: string | null): UserConfig {
  return { name, secret, roles: [], tenants: null, attributes: {} };
}

/** The claim of one that is listed; of nobody when it is null. */
export function claimOf(listed: UserConfig | null, more: Partial<Claim> = {}): Claim {
  const user = listed?.name ?? 'nobody';
  return { user, account: listed, decoy: listed, secrets, endPointHash: null, certificate: null, ...more };
}

type Answer = Buffer | NoAnswer | Promise<Buffer>;

/** A client in memory. `answers` are given the body of each request; asked for more, the client has gone. */
export class ScriptedClient implements AuthDialog {
  /** The bodies of the requests, without type and length. */
  readonly asked: Buffer[] = [];
  readonly kinds: AnswerKind[] = [];
  readonly #answers: ((request: Buffer) => Answer)[];

  constructor(...answers: (Answer | ((request: Buffer) => Answer))[]) {
    this.#answers = answers.map((answer) => (typeof answer === 'function' ? answer : () => answer));
  }

  /** What the requests were, by the number of their kind (PG 55.7). */
  get requests(): number[] {
    return this.asked.map((body) => body.readInt32BE(0));
  }

  async ask(request: Buffer, kind: AnswerKind): Promise<Buffer | NoAnswer> {
    const body = request.subarray(5);
    this.asked.push(body);
    this.kinds.push(kind);
    return (await this.#answers.shift()?.(body)) ?? 'gone';
  }
}

/** Milliseconds that half of the runs take at most, of two ways run in turns. */
export async function medians(runs: number, ways: readonly (() => Promise<SignIn>)[]): Promise<number[]> {
  const times = ways.map((): number[] => []);
  for (let run = 0; run < runs; run++) {
    for (const [index, way] of ways.entries()) {
      const started = performance.now();
      await way();
      times[index]?.push(performance.now() - started);
    }
  }
  return times.map((all) => all.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0);
}
