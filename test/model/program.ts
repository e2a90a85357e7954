import {
  bind,
  close,
  copyData,
  copyDone,
  copyFail,
  describe,
  execute,
  parse,
  query,
  sync,
} from '../support/raw-messages.js';
import { Random } from './random.js';

/** What is sent at once; the answers end with so many ReadyForQuery, or with CopyInResponse. */
export interface Exchange {
  readonly bytes: Buffer;
  readonly ready: number;
}

export interface Step {
  readonly client: number;
  /** For people. */
  readonly what: string;
  /** `cancel`: the exchange is cancelled while it runs. */
  readonly kind: 'talk' | 'cancel' | 'terminate' | 'vanish';
  readonly exchanges: readonly Exchange[];
}

export interface Program {
  readonly seed: number;
  readonly clients: number;
  readonly steps: readonly Step[];
}

export const rowsEach = 3;

/** What a program starts from: a table in which each client has rows of its own, which all of them read. */
export const schema = `
create table item (id int primary key, owner int not null, v int not null, note text, at timestamptz not null);
create schema other;
create table other.item (id int primary key, owner int, v int, note text, at timestamptz);
create view busy as select owner, sum(v) as total from item group by owner;
create function twice(n int) returns int language sql immutable as 'select n * 2';`;

export function reset(clients: number): string {
  return `truncate item, other.item; insert into other.item values (0, 0, -1, 'other', '2020-02-02 02:02+00');
    insert into item select i, i / ${rowsEach}, i, 'row ' || i, '2026-01-01 00:00+00'::timestamptz
    + i * interval '1 hour' from generate_series(0, ${clients * rowsEach - 1}) i`;
}

/** Random steps of many clients. Nothing in it waits for another client: each writes and locks its own rows only. */
export function programOf(seed: number): Program {
  const random = new Random(seed);
  const clients = 20 + random.below(31);
  const steps = Array.from({ length: 60 + random.below(60) }, () => {
    // Some do much, so that they have a history; all do something.
    const client = random.below(random.below(2) === 0 ? 6 : clients);
    return new Author(random, client, clients).step();
  });
  return { seed, clients, steps };
}

const weights = {
  ...{ read: 30, extended: 14, named: 8, failing: 3, write: 8, pipeline: 4 },
  ...{ transaction: 14, savepoint: 5, set: 7, show: 4, temp: 5, cursor: 6, prepare: 6 },
  ...{ listen: 3, notify: 4, copy: 5, several: 3, discard: 1, cancel: 1, terminate: 2, vanish: 1 },
};

const zones = ['UTC', 'Asia/Tokyo', 'America/New_York'];

class Author {
  constructor(
    private readonly random: Random,
    private readonly client: number,
    private readonly clients: number,
  ) {}

  step(): Step {
    const { client } = this;
    const kind = this.random.weighted(weights);
    if (kind === 'terminate' || kind === 'vanish') return { client, what: kind, kind, exchanges: [] };
    if (kind === 'cancel') {
      const bytes = query('select pg_sleep(20)');
      return { client, what: 'pg_sleep, cancelled', kind, exchanges: [{ bytes, ready: 1 }] };
    }
    const { what, exchanges } = this[kind]();
    return { client, what, kind: 'talk', exchanges };
  }

  private get own(): number {
    return this.client * rowsEach + this.random.below(rowsEach);
  }

  private get any(): number {
    return this.random.below(this.clients * rowsEach);
  }

  private ask(...texts: readonly string[]) {
    return { what: texts.join(' | '), exchanges: texts.map((text) => ({ bytes: query(text), ready: 1 })) };
  }

  private read() {
    return this.ask(this.reading());
  }

  /** Texts of few shapes, so that lanes take them. */
  private reading(): string {
    return this.random.pick([
      `select v from item where id = ${this.any}`,
      `select id, note, at from item where id = ${this.any}`,
      'select count(*), sum(v) from item',
      `select * from busy where owner = ${this.any % this.clients}`,
      `select note from item where v > ${this.any} order by id limit 3`,
      `select twice(${this.any}), now() - now()`,
      `table other.item`,
      `select 1 from item where id = -1`,
    ]);
  }

  private failing() {
    return this.ask(this.random.pick(['select 1 / 0', 'select nothing from item', 'selekt', "select 'x'::int", '']));
  }

  private extended() {
    const binary = this.random.below(3) === 0 ? { resultFormats: [1] } : {};
    const values = [String(this.any)];
    const text = this.random.pick([
      'select v, note from item where id = $1',
      'select id from item where id > $1 order by id',
      'select at from item where id = $1',
      'select 10 / $1::int',
    ]);
    const rowsMax = text.includes('order by') ? 2 : 0;
    const described = text.startsWith('select 10') ? [describe('S')] : [];
    const parts = [parse(text), ...described, bind({ values, ...binary }), describe('P'), execute('', rowsMax), sync()];
    return { what: `${text} <- ${values}`, exchanges: [{ bytes: Buffer.concat(parts), ready: 1 }] };
  }

  private named() {
    const name = this.random.pick(['one', 'two']);
    const text = name === 'one' ? 'select v from item where id = $1' : 'select at, note from item where id = $1';
    const part = this.random.weighted({ prepare: 3, run: 8, close: 1 });
    const bytes = {
      prepare: [parse(text, name), describe('S', name)],
      run: [bind({ statement: name, values: [String(this.any)] }), describe('P'), execute()],
      close: [close('S', name)],
    }[part];
    return { what: `${part} ${name}`, exchanges: [{ bytes: Buffer.concat([...bytes, sync()]), ready: 1 }] };
  }

  private pipeline() {
    const texts = [this.reading(), this.writing(), this.reading(), this.reading()];
    const bytes = Buffer.concat(texts.map(query));
    return { what: texts.join(' & '), exchanges: [{ bytes, ready: texts.length }] };
  }

  private write() {
    return this.ask(this.writing());
  }

  private writing(): string {
    return this.random.pick([
      `update item set v = v + 1 where id = ${this.own} returning v`,
      `update item set note = 'written by ${this.client}' where owner = ${this.client}`,
      `delete from item where id = ${this.own}`,
      `insert into item values (${this.own}, ${this.client}, 5, 'again', '2026-06-01 00:00+00')`,
      `insert into item values (${this.own}, ${this.client}, 6, 'over', '2026-06-01 00:00+00') on conflict (id) do update set v = 6`,
    ]);
  }

  private transaction() {
    const text = this.random.pick([
      'begin',
      'begin',
      'begin read only',
      'start transaction isolation level repeatable read',
    ]);
    return this.ask(this.random.pick([text, text, 'commit', 'commit', 'rollback']));
  }

  private savepoint() {
    return this.ask(this.random.pick(['savepoint a', 'savepoint a', 'rollback to a', 'release a']));
  }

  private set() {
    const zone = this.random.pick(zones);
    return this.ask(
      this.random.pick([
        `set timezone to '${zone}'`,
        `set local timezone to '${zone}'`,
        'reset timezone',
        `set datestyle to ${this.random.pick(['german', 'iso', 'sql'])}`,
        `set search_path to ${this.random.pick(['other, public', 'public', 'other'])}`,
        'set local search_path to other',
        'reset all',
        `set application_name to 'client ${this.client}'`,
        `set statement_timeout to ${this.random.pick(['0', '60000'])}`,
      ]),
    );
  }

  private show() {
    return this.ask(
      this.random.pick(['show timezone', 'show search_path', 'show datestyle', 'show transaction_read_only']),
    );
  }

  private temp() {
    return this.ask(
      this.random.pick([
        // It stands before the table that all read.
        `create temp table item (id int, owner int, v int, note text, at timestamptz)`,
        `create temp table own on commit drop as select ${this.client} as n`,
        'create temp table own (n int)',
        `insert into pg_temp.item values (${this.any}, 1, ${this.client}, 'temporary', '2026-03-03 00:00+00')`,
        'select * from own',
        // Of a pooled connection the temporary schema is older than its client: that it isn't there yet can't be asked.
        'drop table own',
        'discard temp',
      ]),
    );
  }

  private cursor() {
    return this.ask(
      this.random.pick([
        'declare c cursor for select id, v from item order by id',
        'declare c cursor with hold for select id from item order by id',
        'fetch 2 from c',
        'fetch 2 from c',
        'move 1 in c',
        'close c',
      ]),
    );
  }

  private prepare() {
    return this.ask(
      this.random.pick([
        'prepare p (int) as select v, at from item where id = $1',
        `execute p (${this.any})`,
        `execute p (${this.any})`,
        'deallocate p',
        'deallocate all',
      ]),
    );
  }

  private listen() {
    return this.ask(this.random.pick(['listen a', 'listen b', 'unlisten a', 'unlisten *']));
  }

  private notify() {
    const payload = `${this.client}: ${this.random.below(4)}`;
    return this.ask(
      this.random.pick([`notify a, '${payload}'`, `notify b, '${payload}'`, `select pg_notify('a', '${payload}')`]),
    );
  }

  private copy() {
    if (this.random.below(2) === 0)
      return this.ask(`copy (select id, v from item where id < ${this.any} order by id) to stdout`);
    const rows = [this.own, this.own].map((id) => `${id}\t${this.client}\t7\tcopied\t2026-02-02 00:00+00\n`);
    const end = this.random.below(4) === 0 ? copyFail('no more') : copyDone();
    const bytes = Buffer.concat([...rows.map(copyData), end]);
    return {
      what: 'copy item from stdin',
      exchanges: [
        { bytes: query('copy item from stdin'), ready: 1 },
        { bytes, ready: 1 },
      ],
    };
  }

  private several() {
    return this.ask(
      `${this.writing()}; ${this.reading()}; ${this.random.pick(['select 1', 'select 1 / 0', this.reading()])}`,
    );
  }

  private discard() {
    return this.ask(this.random.pick(['discard all', 'discard plans', 'unlisten *']));
  }
}
