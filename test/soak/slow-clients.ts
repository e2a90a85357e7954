import { errorIn, rowsIn, rowsOf } from '../support/ask.js';
import type { Postgres } from '../support/postgres.js';
import type { Random } from '../support/random.js';
import type { Reply } from '../support/raw-client.js';
import { RawError } from '../support/raw-login.js';
import { copyData, copyDone, copyFail, query } from '../support/raw-messages.js';
import { overRaw, readTo, type Shift, sleep, work } from './shift.js';

/** Asks for a large result, of a shape that small ones got onto a lane, and reads it at a trickle. */
export async function readSlowly(shift: Shift, random: Random): Promise<void> {
  const text = (rows: number) => `select repeat('x', 1000) as long from generate_series(1, ${rows}) at`;
  await work(shift, 'slow read', random, () =>
    overRaw(shift, async (client) => {
      for (let times = 0; times < 6; times += 1) await rowsOf(client, text(2));
      const rows = 2000 + random.below(5000);
      const { socket } = client;
      socket.on('data', () => socket.pause());
      const trickle = setInterval(() => socket.resume(), 20);
      try {
        client.send(query(text(rows)));
        const seen = rowsIn(thatSucceeded(await client.readUntilReady(60_000))).length;
        if (seen !== rows) shift.report.blame(`a slow client got ${seen} of ${rows} rows`);
      } finally {
        clearInterval(trickle);
      }
    }),
  );
}

/** Of each of a COPY's pieces. */
const rowsEach = 10;
/** What a COPY that its client ends itself fails with. */
const givenUp = '57014';

/** What is known of the batches in the table `load`. */
export class Copies {
  readonly acknowledged = new Set<string>();
  /** How many rows each has, if it is there. */
  readonly attempted = new Map<string, number>();

  /** A batch is there as a whole or not at all, and it is there if that was acknowledged. */
  async disorder(server: Postgres): Promise<string[]> {
    const rows = await server.query(
      'select batch, count(*)::int as rows, count(distinct at)::int as ids from load group by batch',
    );
    const found = new Map(rows.map(({ batch, rows, ids }) => [String(batch), `${rows} rows, ${ids} ids`]));
    return [...this.attempted].flatMap(([batch, rows]) => {
      const is = found.get(batch) ?? 'nothing';
      const isRight = is === `${rows} rows, ${rows} ids` || (is === 'nothing' && !this.acknowledged.has(batch));
      return isRight ? [] : [`of ${batch} there is ${is}`];
    });
  }
}

/** Copies in at a trickle, and now and then thinks better of it. */
export async function copySlowly(shift: Shift, copies: Copies, random: Random): Promise<void> {
  await work(shift, 'slow copy', random, () =>
    overRaw(shift, async (client) => {
      const batch = `batch ${copies.attempted.size}`;
      const pieces = 1 + random.below(40);
      const isMeant = random.below(4) > 0;
      copies.attempted.set(batch, isMeant ? pieces * rowsEach : 0);
      client.send(query('copy load from stdin'));
      await readTo(client, 'G');
      for (let piece = 0; piece < pieces; piece += 1) {
        const ids = Array.from({ length: rowsEach }, (_, at) => piece * rowsEach + at);
        client.send(copyData(ids.map((id) => `${batch}\t${id}\tslow\n`).join('')));
        await sleep(20);
      }
      client.send(isMeant ? copyDone() : copyFail('no more'));
      const reply = await client.readUntilReady();
      if (isMeant || errorIn(reply)?.C !== givenUp) thatSucceeded(reply);
      if (isMeant) copies.acknowledged.add(batch);
    }),
  );
}

function thatSucceeded(reply: Reply): Reply {
  const failed = reply.messages.find(({ type }) => type === 'E');
  if (failed !== undefined) throw new RawError(failed.body);
  return reply;
}
