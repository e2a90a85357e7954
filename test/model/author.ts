import type { Random } from '../support/random.js';
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

/** What is sent at once; the answers end with so many ReadyForQuery, or with CopyInResponse. */
export interface Exchange {
  readonly bytes: Buffer;
  readonly ready: number;
  /** Sent only when the server has asked for it: a COPY that is refused takes no data. */
  readonly isCopyData?: true;
}

/** What one client does next. */
export interface Action {
  /** For people. */
  readonly what: string;
  /** `cancel`: the exchange is cancelled while it runs. */
  readonly kind: 'talk' | 'cancel' | 'terminate' | 'vanish';
  readonly exchanges: readonly Exchange[];
}

export const rowsEach = 3;

const weights = {
  ...{ read: 30, extended: 14, named: 8, failing: 3, write: 8, pipeline: 4 },
  ...{ transaction: 14, savepoint: 5, set: 7, show: 4, temp: 5, cursor: 6, prepare: 6 },
  ...{ listen: 3, notify: 4, copy: 5, several: 3, discard: 1, cancel: 1, terminate: 2, vanish: 1 },
};

const zones = ['UTC', 'Asia/Tokyo', 'America/New_York'];

const noWeights = Object.fromEntries(Object.keys(weights).map((kind) => [kind, 0])) as typeof weights;

/** Some clients only read and write, and so keep to their settings. */
const plainWeights: typeof weights = {
  ...noWeights,
  ...{ read: 60, extended: 30, named: 15, failing: 1, write: 8, pipeline: 8 },
  ...{ transaction: 3, show: 2, copy: 3, several: 2, terminate: 1, vanish: 1 },
};

/** Writes what one client does. It writes and locks rows of its own only, so that it never waits for another. */
export class Author {
  /**
   * @param clients how many there are, whose rows it reads as well; null: it reads nothing but its own
   * @param isPlain it only reads and writes
   */
  constructor(
    private readonly random: Random,
    private readonly client: number,
    private readonly clients: number | null,
    private readonly isPlain: boolean,
  ) {}

  action(): Action {
    const kind = this.random.weighted<keyof typeof weights>(this.isPlain ? plainWeights : weights);
    if (kind === 'terminate' || kind === 'vanish') return { what: kind, kind, exchanges: [] };
    if (kind === 'cancel') {
      const bytes = query('select pg_sleep(20)');
      return { what: 'pg_sleep, cancelled', kind, exchanges: [{ bytes, ready: 1 }] };
    }
    return { kind: 'talk', ...this[kind]() };
  }

  /** Its own of a kind are told from others' by the number. */
  get channels(): readonly [string, string] {
    return this.clients === null ? [`a${this.client}`, `b${this.client}`] : ['a', 'b'];
  }

  private get own(): number {
    return this.client * rowsEach + this.random.below(rowsEach);
  }

  private get any(): number {
    return this.clients === null ? this.own : this.random.below(this.clients * rowsEach);
  }

  private get anybody(): number {
    return this.clients === null ? this.client : this.random.below(this.clients);
  }

  /** The rows that it may see. */
  private get rows(): string {
    return this.clients === null ? `owner = ${this.client}` : 'owner >= 0';
  }

  private ask(...texts: readonly string[]) {
    return { what: texts.join(' | '), exchanges: texts.map((text) => ({ bytes: query(text), ready: 1 })) };
  }

  private read() {
    return this.ask(this.reading());
  }

  /** Texts of few shapes, so that lanes take them. */
  reading(): string {
    return this.random.pick([
      `select v from item where id = ${this.any}`,
      `select id, note, at from item where id = ${this.any}`,
      `select count(*), sum(v) from item where ${this.rows}`,
      `select * from busy where owner = ${this.anybody}`,
      `select note from item where v > ${this.any} and ${this.rows} order by id limit 3`,
      `select twice(${this.any}), now() - now()`,
      `select * from other.item where ${this.rows} or owner = -1 order by id`,
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
      `select id from item where id > $1 and ${this.rows} order by id`,
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
        `declare c cursor for select id, v from item where ${this.rows} order by id`,
        `declare c cursor with hold for select id from item where ${this.rows} order by id`,
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
    return this.ask(
      this.random.pick([
        `listen ${this.channels[0]}`,
        `listen ${this.channels[1]}`,
        `unlisten ${this.channels[0]}`,
        'unlisten *',
      ]),
    );
  }

  private notify() {
    const [a, b] = this.channels;
    const payload = `${this.client}: ${this.random.below(4)}`;
    return this.ask(
      this.random.pick([
        `notify ${a}, '${payload}'`,
        `notify ${b}, '${payload}'`,
        `select pg_notify('${a}', '${payload}')`,
      ]),
    );
  }

  private copy() {
    if (this.random.below(2) === 0)
      return this.ask(`copy (select id, v from item where id < ${this.any} and ${this.rows} order by id) to stdout`);
    const rows = [this.own, this.own].map((id) => `${id}\t${this.client}\t7\tcopied\t2026-02-02 00:00+00\n`);
    const end = this.random.below(4) === 0 ? copyFail('no more') : copyDone();
    const bytes = Buffer.concat([...rows.map(copyData), end]);
    return {
      what: 'copy item from stdin',
      exchanges: [
        { bytes: query('copy item from stdin'), ready: 1 },
        { bytes, ready: 1, isCopyData: true },
      ],
    } as const;
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
