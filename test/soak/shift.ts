import { untilOver } from '../support/line.js';
import type { Random } from '../support/random.js';
import { RawClient } from '../support/raw-client.js';
import { type Greeting, type Login, RawError } from '../support/raw-login.js';
import type { Report } from './report.js';

/** What everybody who works in a soak is handed. */
export interface Shift {
  readonly connection: Login & { readonly host: string; readonly port: number };
  readonly isOver: () => boolean;
  /** Between two things that one client does, at most. */
  readonly pauseMs: number;
  readonly report: Report;
}

export const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Does a thing until the shift is over, with pauses, and reports what comes of it. */
export async function work(
  { isOver, pauseMs, report }: Shift,
  what: string,
  random: Random,
  round: () => Promise<void>,
): Promise<void> {
  const reported = async () => {
    await round();
    report.succeed(what);
    await sleep(random.below(pauseMs));
  };
  await untilOver(isOver, reported, (error) => report.fail(what, error));
}

/** Does something over a new connection, and goes without a word. */
export async function overRaw(
  { connection }: Shift,
  talk: (client: RawClient, greeting: Greeting) => Promise<void>,
): Promise<void> {
  const client = await RawClient.connect(connection);
  try {
    await talk(client, await client.login(connection));
  } finally {
    await client.destroy();
  }
}

/** Reads up to the first message of a type. Rejects with RawError when there is an error before. */
export async function readTo(client: RawClient, type: string): Promise<void> {
  for (;;) {
    const message = await client.read();
    if (message.type === 'E') throw new RawError(message.body);
    if (message.type === type) return;
  }
}
