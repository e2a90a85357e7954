import type pg from 'pg';
import { writingDisorder } from '../support/ledger.js';
import { Line } from '../support/line.js';
import type { Postgres } from '../support/postgres.js';
import type { Random } from '../support/random.js';
import { type Shift, work } from './shift.js';

/** What is known of the rows of the table `entry`: each has an id of its own. */
export class Entries {
  readonly acknowledged: string[] = [];
  /** They may have been written; what isn't among them never may. */
  readonly attempted: string[] = [];

  async disorder(server: Postgres): Promise<string[]> {
    const written = (await server.query('select id from entry')).map(({ id }) => String(id));
    return writingDisorder(written, this.acknowledged, this.attempted);
  }
}

/** The ways in which a driver sends one statement that writes. */
const ways: readonly ((client: pg.Client, id: string) => Promise<unknown>)[] = [
  (client, id) => client.query(`insert into entry values ('${id}')`),
  (client, id) => client.query('insert into entry values ($1)', [id]),
  (client, id) => client.query({ name: 'enter', text: 'insert into entry values ($1) returning id', values: [id] }),
  (client, id) =>
    client.query(`with entered as (insert into entry values ('${id}') returning id) select id from entered`),
  (client, id) => client.query('select noted($1)', [id]),
];

/** Writes without transactions. */
export async function write(shift: Shift, entries: Entries, writer: number, random: Random): Promise<void> {
  const line = new Line(shift.connection);
  let count = 0;
  await work(shift, 'write', random, async () => {
    count += 1;
    const id = `${writer}-${count}`;
    entries.attempted.push(id);
    await line.use((client) => random.pick(ways)(client, id));
    entries.acknowledged.push(id);
  });
  await line.leave();
}
