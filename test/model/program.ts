import { Random } from '../support/random.js';
import { query } from '../support/raw-messages.js';
import { type Action, Author, rowsEach } from './author.js';

/** What one client does in a step. */
export interface Part extends Action {
  readonly client: number;
}

/** What happens at once: the first part may wait for the end, which comes when the others are answered. */
export interface Step {
  readonly first: Part;
  readonly others: readonly Part[];
  readonly end: Part | null;
}

export interface Program {
  readonly seed: number;
  readonly clients: number;
  readonly steps: readonly Step[];
}

/** What a program starts from: a table in which each client has rows of its own, which all of them read. */
export const schema = `
create table item (id int primary key, owner int not null, v int not null, note text, at timestamptz not null);
create index on item (owner);
create schema other;
create table other.item (id int primary key, owner int, v int, note text, at timestamptz);
create view busy as select owner, sum(v) as total from item group by owner;
create function twice(n int) returns int language sql immutable as 'select n * 2';
create table aside (id int primary key, name text);
insert into aside values (1, 'one'), (2, 'two');
create table nap (seconds float not null);
insert into nap values (0);
create function slept(seconds float) returns text language sql immutable as 'select pg_sleep(seconds)::text';
create view tired as select seconds, slept(seconds) from nap;`;

export function reset(clients: number): string {
  return `delete from item; delete from other.item; update nap set seconds = 0;
    insert into other.item values (0, 0, -1, 'other', '2020-02-02 02:02+00'), (-1, -1, -1, 'nobody’s', '2020-02-02 02:02+00');
    insert into item select i, i / ${rowsEach}, i, 'row ' || i, '2026-01-01 00:00+00'::timestamptz
    + i * interval '1 hour' from generate_series(0, ${clients * rowsEach - 1}) i`;
}

/** So many reads in a row make a shape a shared one. */
const warmUps = 8;
const napSeconds = 0.6;

/**
 * Random steps of many clients. Only where a step says so does anything in it wait for another client: each writes and
 * locks its own rows only.
 */
export function programOf(seed: number): Program {
  const random = new Random(seed);
  const clients = 20 + random.below(1 + random.below(31));
  // Whoever makes temporary tables makes the catalog unknown for a while, to all: some programs have none.
  const isPlain = random.below(3) > 0;
  const scene = random.below(6);
  const at = random.below(20);
  const steps: Step[] = [];
  for (let count = 30 + random.below(40); count > 0; count--) {
    // Some do much, so that they have a history; all do something.
    const client = random.below(random.below(2) === 0 ? 6 : clients);
    const isHerd = random.below(8) === 0;
    if (isHerd) steps.push(herd(random, clients));
    else steps.push(alone({ client, ...new Author(random, client, clients, isPlain || client > 5).action() }));
    if (count !== 30 - at) continue;
    if (scene === 0) steps.push(...lockedScene(random, seed, clients));
    if (scene === 1) steps.push(...tiredScene(random, seed, clients));
  }
  return { seed, clients, steps };
}

function alone(first: Part): Step {
  return { first, others: [], end: null };
}

function asking(client: number, ...texts: readonly string[]): Part {
  return {
    ...{ client, kind: 'talk', what: texts.join(' | ') },
    exchanges: texts.map((text) => ({ bytes: query(text), ready: 1 })),
  };
}

/** Several clients that read at once, one thing or several, one after the other. */
function readers(random: Random, clients: number, not: readonly number[]): Part[] {
  const first = random.below(clients);
  const numbers = Array.from({ length: 4 + random.below(8) }, (_, at) => (first + at) % clients);
  return numbers
    .filter((client) => !not.includes(client))
    .map((client) => {
      const author = new Author(random, client, clients, true);
      return asking(client, author.reading(), author.reading(), author.reading());
    });
}

function herd(random: Random, clients: number): Step {
  const [first, ...others] = readers(random, clients, []) as [Part, ...Part[]];
  return { first, others, end: null };
}

/** A client that holds nothing and has no settings of its own. */
const clean = (client: number): Step => alone(asking(client, 'rollback', 'discard all'));

/** Others read while one waits for the lock that ALTER TABLE took in a transaction that is still open. */
function lockedScene(random: Random, seed: number, clients: number): Step[] {
  const [holder, waiter] = [clients - 1, clients - 2] as const;
  const text = `select name as of${seed} from public.aside where id = 1`;
  return [
    clean(holder),
    clean(waiter),
    ...Array.from({ length: warmUps }, () => alone(asking(waiter, text))),
    alone(asking(holder, 'begin', 'alter table public.aside add column more int')),
    {
      first: asking(waiter, text),
      others: readers(random, clients, [holder, waiter]),
      end: asking(holder, 'rollback'),
    },
  ];
}

/** Others read while one reads a view that sleeps. */
function tiredScene(random: Random, seed: number, clients: number): Step[] {
  const [waker, sleeper] = [clients - 1, clients - 2] as const;
  const text = `select seconds as of${seed}, slept from public.tired`;
  return [
    clean(waker),
    clean(sleeper),
    ...Array.from({ length: warmUps }, () => alone(asking(sleeper, text))),
    alone(asking(waker, `update public.nap set seconds = ${napSeconds}`)),
    { first: asking(sleeper, text), others: readers(random, clients, [waker, sleeper]), end: null },
    alone(asking(waker, 'update public.nap set seconds = 0')),
  ];
}
