import t from 'tap';
import { rowsOf, signIn } from '../support/ask.js';
import { Random } from '../support/random.js';
import type { RawClient } from '../support/raw-client.js';
import { bind, execute, parse, rowValues, sync } from '../support/raw-messages.js';
import { startModel } from './model-daemon.js';
import { schema } from './program.js';

// Clients that differ in what a statement means, or in who asks, sending the very same statements through one pool.

const statements = ['select v from item', 'select at from item', 'select current_user'] as const;

/** What each kind of client is, and must always see. */
const kinds = [
  { set: 'set search_path to public', seen: ['1', '2026-01-01 12:00:00+00', 'postgres'] },
  { set: 'set search_path to other', seen: ['2', '2026-01-01 12:00:00+00', 'postgres'] },
  { set: "set timezone to 'Asia/Tokyo'", seen: ['1', '2026-01-01 21:00:00+09', 'postgres'] },
  { set: "set datestyle to 'german'", seen: ['1', '01.01.2026 12:00:00 UTC', 'postgres'] },
  {
    set: "set search_path to other; set timezone to 'America/New_York'; set datestyle to 'sql'",
    seen: ['2', '01/01/2026 07:00:00 EST', 'postgres'],
  },
  { set: 'set role reader', seen: ['1', '2026-01-01 12:00:00+00', 'reader'] },
];

/** Of each client, until lanes have answered so many. */
const roundsMin = 40;
const roundsMax = 1500;
const sharedReads = 100;

t.test('clients that differ in settings never see each other’s, prepared and simple, all at once', async (t) => {
  const daemon = await startModel(t, 'size: 8, rescueMs: 200');
  const { server } = daemon;
  await server.query(`${schema};
    insert into item values (1, 1, 1, 'public', '2026-01-01 12:00+00');
    insert into other.item values (1, 1, 2, 'other', '2026-01-01 12:00+00');
    create role reader; grant select on item to reader`);
  const clients = await Promise.all(
    [...kinds, ...kinds].map(async ({ set, seen }) => {
      const client = await signIn(t, daemon, server, { parameters: { search_path: 'public, other' } });
      for (const text of set.split('; ')) await client.ask(text);
      for (const [at, text] of statements.entries()) {
        client.send(parse(text, `s${at}`), sync());
        await client.readUntilReady();
      }
      return { client, seen };
    }),
  );
  const seed = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.comment(`MODEL_SEED=${seed}`);
  const wrong: string[] = [];
  await Promise.all(
    clients.map(async ({ client, seen }, number) => {
      const random = new Random(seed + number);
      const isEnough = () => daemon.reads().answered >= sharedReads;
      for (let round = 0; round < (isEnough() ? roundsMin : roundsMax); round++) {
        const at = random.below(statements.length);
        const answer = await (random.below(2) === 0 ? simple(client, at) : prepared(client, at));
        if (answer !== seen[at]) wrong.push(`${kinds[number % kinds.length]?.set}: ${statements[at]} is ${answer}`);
      }
    }),
  );
  t.same(wrong, []);
  t.comment(JSON.stringify(daemon.reads()));
  t.ok(daemon.reads().answered >= sharedReads, 'lanes took part');
});

async function simple(client: RawClient, at: number): Promise<string | null> {
  return (await rowsOf(client, statements[at] ?? ''))[0]?.[0] ?? null;
}

async function prepared(client: RawClient, at: number): Promise<string | null> {
  client.send(bind({ statement: `s${at}` }), execute(), sync());
  const { messages } = await client.readUntilReady();
  const row = messages.find(({ type }) => type === 'D');
  return row === undefined ? null : (rowValues(row.body)[0] ?? null);
}
