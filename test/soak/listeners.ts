import { channel, type Teller } from '../support/ledger.js';
import { Line } from '../support/line.js';
import type { Random } from '../support/random.js';
import { until } from '../support/until.js';
import { type Shift, sleep, work } from './shift.js';

/** What a client heard from a LISTEN on. */
export interface Hearing {
  /** On the clock of `performance.now()`. */
  readonly since: number;
  readonly heard: string[];
  /** It heard to the end. */
  isWhole: boolean;
}

const everyMs = 50;

/** Listens to what tellers announce, until the shift is over; anew whenever that ends before. */
export async function listen(shift: Shift, listener: number, random: Random, hearings: Hearing[]): Promise<void> {
  const line = new Line(shift.connection);
  const end = `the end of ${listener}`;
  await work(shift, 'listening', random, () =>
    line.use(async (client) => {
      const heard: string[] = [];
      const onNotification = ({ payload = '' }) => heard.push(payload);
      client.on('notification', onNotification);
      try {
        await client.query(`listen ${channel}`);
        const hearing: Hearing = { since: performance.now(), heard, isWhole: false };
        hearings.push(hearing);
        while (!shift.isOver()) {
          await client.query('select 1 as alive');
          await sleep(everyMs);
        }
        await client.query(`notify ${channel}, '${end}'`);
        await until('the end is heard', () => heard.includes(end));
        hearing.isWhole = true;
      } finally {
        client.off('notification', onNotification);
      }
    }),
  );
  await line.leave();
}

/**
 * Of each teller one must have heard, in their order and once, all transfers that were acknowledged between the first
 * and the last that were heard; to the end where it heard to the end.
 */
export function hearingDisorder({ since, heard, isWhole }: Hearing, tellers: readonly Teller[]): string[] {
  const wrong: string[] = [];
  const byTeller = new Map<string, number[]>();
  for (const id of heard) {
    const [teller = '', at] = id.split('-');
    if (at !== undefined) byTeller.set(teller, [...(byTeller.get(teller) ?? []), Number(at)]);
  }
  for (const { number, acknowledged, attempted } of tellers) {
    const at = byTeller.get(String(number)) ?? [];
    const isInOrder = at.every((each, index) => index === 0 || each > (at[index - 1] as number));
    if (!isInOrder) wrong.push(`of teller ${number} was heard ${at}`);
    const [first = Number.POSITIVE_INFINITY, last = Number.NEGATIVE_INFINITY] = [at[0], at.at(-1)];
    const known = new Set(at);
    for (const { id, begunAt } of acknowledged) {
      const each = Number(id.split('-')[1]);
      const isDue = (each > first && each < last) || (isWhole && begunAt > since);
      if (isDue && !known.has(each)) wrong.push(`${id} was not heard`);
    }
    if (last >= attempted.length) wrong.push(`${number}-${last} was heard, and nobody meant it`);
  }
  return wrong;
}
