import t, { type Test } from 'tap';
import { rowsOf, signIn } from '../support/ask.js';
import { Random, seedFrom } from '../support/random.js';
import type { RawClient } from '../support/raw-client.js';
import { bind, execute, parse, rowValues, sync } from '../support/raw-messages.js';
import { type ModelDaemon, startModel, startModelOf } from './model-daemon.js';
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
  const members = [...kinds, ...kinds].map(async ({ set, seen }) => {
    const client = await signIn(t, daemon, server, { parameters: { search_path: 'public, other' } });
    for (const text of set.split('; ')) await client.ask(text);
    return { name: set, client, seen };
  });
  await mingle(t, daemon, statements, await Promise.all(members));
});

const policy = `
version: 1
masks: { stars: "'***'" }
rules:
  - { name: own, roles: [clerk], tables: [public.paper], actions: [select], rows: "owner = :user.name" }
  - { name: all, roles: [auditor], tables: [public.paper], actions: [select], columns: { mask: { text: stars } } }
`;

/** By tenant and user; the first tenant’s clients all use one upstream account. */
const readers = [
  { tenant: 'one', user: 'ann', seen: ['1', 'of ann'] },
  { tenant: 'one', user: 'ben', seen: ['2', 'of ben'] },
  { tenant: 'one', user: 'eve', seen: ['3', '***'] },
  { tenant: 'two', user: 'ann', seen: ['1', 'of two'] },
  { tenant: 'three', user: 'ann', seen: ['3', 'of ann, of ben'] },
];

t.test('nor do those of other tenants, or to whom a policy shows something else', async (t) => {
  const daemon = await startModelOf(
    t,
    (server) => `
tenants:
  one:
    databases: { shop: { url: '${server.urlFor('postgres')}', pool: { size: 8, rescueMs: 200 } } }
    users: { ann: { secret: x, roles: [clerk] }, ben: { secret: x, roles: [clerk] }, eve: { secret: x, roles: [auditor] } }
    policies: [policy.yaml]
  two: { databases: { shop: { url: '${server.urlFor('two')}', pool: { rescueMs: 200 } } }, users: { ann: { secret: x } } }
  three: { databases: { shop: { url: '${server.urlFor('postgres')}', pool: { rescueMs: 200 } } }, users: { ann: { secret: x } } }`,
    { 'policy.yaml': policy },
  );
  const { server } = daemon;
  await server.query('create database two');
  const paper = 'create table paper (id int, owner text, text text); insert into paper values ';
  await server.query(`${paper} (1, 'ann', 'of ann'), (2, 'ben', 'of ben')`);
  await server.query(`${paper} (1, 'ann', 'of two')`, 'two');
  const asked = ['select sum(id) from paper', "select string_agg(distinct text, ', ') from paper"];
  const members = [...readers, ...readers, ...readers].map(async ({ tenant, user, seen }) => {
    const parameters = { options: `-c pgturnstile.tenant=${tenant}` };
    const client = await signIn(t, daemon, server, { user, database: 'shop', parameters });
    return { name: `${user} of ${tenant}`, client, seen };
  });
  await mingle(t, daemon, asked, await Promise.all(members));
});

interface Member {
  readonly name: string;
  readonly client: RawClient;
  /** What each statement gives it, always. */
  readonly seen: readonly string[];
}

/** All send the same statements at random, until lanes have answered enough of them. */
async function mingle(
  t: Test,
  daemon: ModelDaemon,
  asked: readonly string[],
  members: readonly Member[],
): Promise<void> {
  const seed = seedFrom(process.env.MODEL_SEED);
  t.comment(`MODEL_SEED=${seed}`);
  const wrong: string[] = [];
  await Promise.all(
    members.map(async ({ name, client, seen }, number) => {
      for (const [at, text] of asked.entries()) {
        client.send(parse(text, `s${at}`), sync());
        await client.readUntilReady();
      }
      const random = new Random(seed + number);
      const isEnough = () => daemon.reads().answered >= sharedReads;
      for (let round = 0; round < (isEnough() ? roundsMin : roundsMax); round++) {
        const at = random.below(asked.length);
        const answer = await (random.below(2) === 0 ? simple(client, asked[at] ?? '') : prepared(client, at));
        if (answer !== seen[at]) wrong.push(`${name}: ${asked[at]} is ${answer}`);
      }
    }),
  );
  t.same(wrong, []);
  t.comment(JSON.stringify(daemon.reads()));
  t.ok(daemon.reads().answered >= sharedReads, 'lanes took part');
}

async function simple(client: RawClient, text: string): Promise<string | null> {
  return (await rowsOf(client, text))[0]?.[0] ?? null;
}

async function prepared(client: RawClient, at: number): Promise<string | null> {
  client.send(bind({ statement: `s${at}` }), execute(), sync());
  const { messages } = await client.readUntilReady();
  const row = messages.find(({ type }) => type === 'D');
  return row === undefined ? null : (rowValues(row.body)[0] ?? null);
}
