import { Random } from '../support/random.js';
import { query } from '../support/raw-messages.js';
import { type Action, Author } from './author.js';
import type { Member } from './member.js';
import type { Members } from './members.js';
import { schema as itemSchema, reset as resetItems } from './program.js';

const accounts = 8;
const balance = 1000;

/** Beside the rows of each client's own, what all of them change. */
export const schema = `${itemSchema}
create table account (id int primary key, v int not null);
create table counter (n int not null);
insert into counter values (0);
create table journal (id text not null);`;

export function reset(clients: number): string {
  return `${resetItems(clients)}; truncate account, journal; update counter set n = 0;
    insert into account select id, ${balance} from generate_series(0, ${accounts - 1}) id`;
}

/**
 * What a client does next.
 * - `own`      is answered as if nobody else were there
 * - `shared`   changes what all change, once, and says so in the journal under `id`
 * - `left`     the same, by a client that is gone before it is answered
 * - `hasty`    only reads, and is cancelled as soon as it is sent, whether it runs or not
 */
export type Deed =
  | { readonly kind: 'own' | 'hasty'; readonly action: Action }
  | { readonly kind: 'shared' | 'left'; readonly id: string; readonly texts: readonly string[] };

export interface ConcurrentProgram {
  readonly seed: number;
  /** What each does, one after the other. */
  readonly clients: readonly (readonly Deed[])[];
}

export function concurrentProgramOf(seed: number): ConcurrentProgram {
  const random = new Random(seed);
  const clients = 20 + random.below(1 + random.below(31));
  const isPlain = random.below(3) > 0;
  const deedsOf = (client: number) => {
    const author = new Author(random, client, null, isPlain || client > 5);
    return Array.from({ length: 4 + random.below(8) }, (_, at) => deed(random, author, `${client}-${at}`));
  };
  const deeds = Array.from({ length: clients }, (_, client) => deedsOf(client));
  if (random.below(locking) === 0) {
    const texts = lockingAll('locked');
    random.pick(deeds).splice(random.below(4), 0, { kind: 'shared', id: 'locked', texts });
  }
  return { seed, clients: deeds };
}

/** In one of so many programs somebody keeps all others from their accounts, longer than a read on a lane may wait. */
const locking = 3;

const kinds = { own: 60, total: 15, transfer: 10, increment: 10, left: 2, hasty: 3 };

function deed(random: Random, author: Author, id: string): Deed {
  const kind = random.weighted(kinds);
  switch (kind) {
    case 'own':
      return { kind, action: author.action() };
    case 'total':
      return { kind: 'own', action: asking('select sum(v) from public.account') };
    case 'hasty':
      return { kind, action: asking(author.reading()) };
    case 'transfer':
      return { kind: 'shared', id, texts: transfer(random, id) };
    case 'increment':
    case 'left':
      return { kind: kind === 'left' ? 'left' : 'shared', id, texts: [increment(id)] };
  }
}

function asking(text: string): Action {
  return { kind: 'talk', what: text, exchanges: [{ bytes: query(text), ready: 1 }] };
}

/** Everybody locks in the same order, so nobody waits in a circle. */
function transfer(random: Random, id: string): string[] {
  const amount = 1 + random.below(50);
  const [low, high] = [random.below(accounts - 1), accounts - 1];
  const sign = random.pick(['+', '-']);
  return [
    'begin',
    `update public.account set v = v ${sign} ${amount} where id = ${low}`,
    `update public.account set v = v - (${sign}${amount}) where id = ${high}`,
    increment(id),
    `notify everybody, '${id}'`,
    'commit',
  ];
}

function lockingAll(id: string): string[] {
  const texts = ['begin', 'lock table public.account', 'select pg_sleep(0.3)', increment(id)];
  return [...texts, `notify everybody, '${id}'`, 'commit'];
}

function increment(id: string): string {
  return `with counted as (update public.counter set n = n + 1) insert into public.journal values ('${id}')`;
}

/** What a client was answered with, a list of lines each deed; those of `shared` are told by the journal. */
export type Answers = readonly (readonly string[])[];

/** What is known of the changes to what all change. */
export class Acknowledged {
  readonly done: string[] = [];
  /** Nobody was told whether they were done. */
  readonly perhaps: string[] = [];
}

/** Does what a client does. Where there is nobody to tell, its changes to what all change are left out. */
export async function act(
  deeds: readonly Deed[],
  members: Members,
  acknowledged: Acknowledged | null,
): Promise<Answers> {
  let member: Member | null = null;
  const answers: string[][] = [];
  for (const deed of deeds) {
    member ??= await members.connect();
    const { length } = member.notifications;
    const lines: string[] = [];
    switch (deed.kind) {
      case 'own': {
        const { kind } = deed.action;
        if (kind === 'terminate' || kind === 'vanish') {
          await member.leave(kind);
          member = null;
        } else {
          lines.push(...(await member.take(deed.action)));
        }
        break;
      }
      case 'hasty': {
        lines.push(...(await member.ask('rollback')));
        const isCancelled = acknowledged !== null;
        const [heard] = await Promise.all([member.take(deed.action), isCancelled ? member.cancel() : null]);
        lines.push(...heard);
        break;
      }
      case 'shared':
        lines.push(...(await member.ask('rollback')));
        if (acknowledged !== null) await change(member, deed, acknowledged);
        break;
      case 'left':
        await member.ask('rollback');
        if (acknowledged !== null) {
          acknowledged.perhaps.push(deed.id);
          for (const text of deed.texts) member.client.send(query(text));
        }
        await member.leave('vanish');
        member = null;
        break;
    }
    // A client listens to what it says itself, which it hears before it is told that this is done.
    answers.push([...lines, ...(member?.notifications.slice(length) ?? [])]);
  }
  if (member !== null) await members.take(member);
  return answers;
}

async function change(
  member: Member,
  { id, texts }: { id: string; texts: readonly string[] },
  acknowledged: Acknowledged,
): Promise<void> {
  for (const text of texts) {
    const lines = await member.ask(text);
    const error = lines.find((line) => line.startsWith('E'));
    if (error !== undefined) throw new Error(`${text}: ${error}`);
  }
  acknowledged.done.push(id);
}

const canceled = /"C":"57014"/;

/** What is wrong with the answers of one client; null: nothing. */
export function difference(deeds: readonly Deed[], found: Answers, wanted: Answers): string | null {
  for (const [at, deed] of deeds.entries()) {
    const [one = [], other = []] = [found[at], wanted[at]];
    if (one.join('\n') === other.join('\n')) continue;
    if (deed.kind === 'hasty' && one.some((line) => canceled.test(line))) continue;
    const told = deeds.slice(0, at + 1).map((each) => ('action' in each ? each.action.what : each.texts.join(' | ')));
    return `${told.join('; ')}\nanswered\n${one.join('\n')}\ninstead of\n${other.join('\n')}`;
  }
  return null;
}

/** What of the changes that all make is not as it must be; one statement gives the `state`. */
export const stateSql = `select (select sum(v)::int from account) as total, (select n from counter) as counted,
  (select coalesce(json_agg(id), '[]') from journal) as journal`;

export function disorder({ done, perhaps }: Acknowledged, state: Record<string, unknown>, heard: string[]): string[] {
  const { total, counted } = state as { total: number; counted: number };
  const journal = state.journal as string[];
  const known = new Set([...done, ...perhaps]);
  const wrong: string[] = [];
  if (total !== accounts * balance) wrong.push(`the sum of all accounts is ${total}`);
  if (counted !== journal.length) wrong.push(`${counted} were counted, ${journal.length} are in the journal`);
  if (new Set(journal).size !== journal.length) wrong.push(`the journal has some twice: ${journal}`);
  for (const id of done) if (!journal.includes(id)) wrong.push(`${id} is lost`);
  for (const id of journal) if (!known.has(id)) wrong.push(`nobody did ${id}`);
  if (new Set(heard).size !== heard.length) wrong.push(`some were heard twice: ${heard}`);
  return wrong;
}

/** Who says so when a transfer is done. */
export function saysSo({ clients }: ConcurrentProgram): Set<string> {
  return new Set(
    clients
      .flat()
      .flatMap((deed) => ('texts' in deed && deed.texts.length > 1 && deed.kind === 'shared' ? [deed.id] : [])),
  );
}
