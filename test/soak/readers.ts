import { total } from '../support/ledger.js';
import { Line } from '../support/line.js';
import type { Random } from '../support/random.js';
import { type Shift, work } from './shift.js';
import { slots } from './soak-daemon.js';

const kinds = { total: 6, totalSince: 6, own: 8, ownPrepared: 8, ownNamed: 8, write: 3, shaped: 0.3 };

/** Reads the ledger's sum, and rows of its own that it changes now and then: it must see what it wrote last. */
export async function read(shift: Shift, reader: number, random: Random): Promise<void> {
  const line = new Line(shift.connection);
  /** By slot, what may stand there: several where nobody knows whether a change was made. */
  const possible = Array.from({ length: slots }, () => new Set([0]));
  let written = 0;

  async function readTotal(text: string, values: readonly number[]): Promise<void> {
    const sum = await line.use(async (client) => (await client.query(text, [...values])).rows[0]?.total);
    if (sum !== total) shift.report.blame(`the sum of all accounts was ${sum} for reader ${reader}: ${text}`);
  }

  async function readOwn(slot: number, query: { name?: string; text: string; values: number[] }): Promise<void> {
    const { rows } = await line.use((client) => client.query(query));
    const seen = rows[0]?.v;
    const isRight = rows.length === 1 && rows[0]?.note === 'hidden' && possible[slot]?.has(seen);
    const wanted = [...(possible[slot] ?? [])].join(' or ');
    if (!isRight) {
      shift.report.blame(`reader ${reader} saw ${JSON.stringify(rows)}, not ${wanted}: ${query.text}`);
    }
    possible[slot] = new Set([seen]);
  }

  async function write(slot: number): Promise<void> {
    written += 1;
    const value = written;
    possible[slot]?.add(value);
    const { rowCount } = await line.use((client) =>
      client.query('update own set v = $1 where reader = $2 and slot = $3', [value, reader, slot]),
    );
    if (rowCount !== 1) shift.report.blame(`reader ${reader} changed ${rowCount} rows`);
    possible[slot] = new Set([value]);
  }

  const where = 'where reader = $1 and slot = $2';
  await work(shift, 'read', random, () => {
    const slot = random.below(slots);
    switch (random.weighted(kinds)) {
      case 'total':
        return readTotal('select sum(balance)::int as total from account', []);
      case 'totalSince':
        return readTotal('select sum(balance)::int as total from account where id >= $1', [0]);
      case 'own':
        return readOwn(slot, {
          text: `select v, note from own where reader = ${reader} and slot = ${slot}`,
          values: [],
        });
      case 'ownPrepared':
        return readOwn(slot, { text: `select note, v from own ${where}`, values: [reader, slot] });
      case 'ownNamed':
        return readOwn(slot, { name: 'own', text: `select * from own ${where}`, values: [reader, slot] });
      case 'shaped':
        // A shape that nobody has seen yet.
        return readOwn(slot, {
          text: `select v, note, v as v_${random.below(1e9)} from own ${where}`,
          values: [reader, slot],
        });
      case 'write':
        return write(slot);
    }
  });
  await line.leave();
}
