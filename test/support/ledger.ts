import { Line } from './line.js';
import type { Postgres } from './postgres.js';
import type { Random } from './random.js';

// Transfers between accounts by many clients. Money must neither appear nor be lost, and what was acknowledged must be
// there, once.

const accounts = 20;
const initial = 1000;
export const total = accounts * initial;

/** No key keeps a transfer that is written twice from being seen. */
export const ledgerSchema = `create table account (id int primary key, balance int not null);
create table journal (id text not null);
insert into account select at, ${initial} from generate_series(0, ${accounts - 1}) at`;

/** Statements of a transfer. */
export const statementsEach = 6;
/** The channel that transfers are announced on. */
export const channel = 'ledger';

export interface Transfer {
  readonly id: string;
  /** On the clock of `performance.now()`. */
  readonly begunAt: number;
}

export class Teller {
  readonly attempted: Transfer[] = [];
  readonly acknowledged: Transfer[] = [];
  readonly line: Line;
  readonly #random: Random;

  constructor(
    readonly number: number,
    connection: Line['connection'],
    random: Random,
  ) {
    this.line = new Line(connection);
    this.#random = random;
  }

  /** Rejects where it fails, and with Vanished now and then, where a client vanishes in the middle. */
  transfer(): Promise<void> {
    const id = `${this.number}-${this.attempted.length}`;
    const transfer = { id, begunAt: performance.now() };
    const [from, to] = [this.#random.below(accounts), this.#random.below(accounts)];
    const amount = this.#random.below(50);
    this.attempted.push(transfer);
    return this.line.use(async (client) => {
      await client.query('begin');
      await client.query('update account set balance = balance - $1 where id = $2', [amount, from]);
      if (this.#random.below(100) === 0) this.line.vanish();
      await client.query({
        name: 'credit',
        text: 'update account set balance = balance + $1 where id = $2',
        values: [amount, to],
      });
      await client.query('insert into journal values ($1)', [id]);
      await client.query(`notify ${channel}, '${id}'`);
      await client.query('commit');
      this.acknowledged.push(transfer);
    });
  }
}

/** What is wrong with the ledger when all is over. */
export async function ledgerDisorder(server: Postgres, tellers: readonly Teller[]): Promise<string[]> {
  const [{ sum }] = (await server.query('select sum(balance)::int as sum from account')) as [{ sum: number }];
  const journal = (await server.query('select id from journal')).map(({ id }) => String(id));
  const acknowledged = tellers.flatMap((teller) => teller.acknowledged.map(({ id }) => id));
  const attempted = tellers.flatMap((teller) => teller.attempted.map(({ id }) => id));
  const wrong = sum === total ? [] : [`the sum of all accounts is ${sum}, not ${total}`];
  return [...wrong, ...writingDisorder(journal, acknowledged, attempted)];
}

/** What is acknowledged must have been written, and what is written must have been attempted, all of it once. */
export function writingDisorder(
  written: readonly string[],
  acknowledged: readonly string[],
  attempted: readonly string[],
): string[] {
  const known = new Set(attempted);
  const times = new Map<string, number>();
  for (const id of written) times.set(id, (times.get(id) ?? 0) + 1);
  return [
    ...[...times].filter(([, count]) => count > 1).map(([id, count]) => `${id} was written ${count} times`),
    ...[...times.keys()].filter((id) => !known.has(id)).map((id) => `${id} was written, and nobody meant it`),
    ...acknowledged.filter((id) => !times.has(id)).map((id) => `${id} was acknowledged and is lost`),
  ];
}
