import pg from 'pg';
import t from 'tap';
import type { ErrorFields } from '../../../protocol/messages/error-fields.js';
import { redactError, redactNotice } from '../../../src/policy/errors/redact-error.js';
import { violationSetting } from '../../../src/sql/rewrite/check-rows.js';
import { kinds } from '../../support/catalog.js';
import { startPostgres } from '../../support/postgres.js';

/** Values that no text of the server's or of a test's holds by chance. */
const canaries = ['cana', '9182'];

const schema = `
  create table people (id int primary key, name text, pin int, note text, born text default '2000-01-01');
  insert into people values (1, 'canary-7c1d9e', 918273645, '[canary-7c1d9e', 'canary-7c1d9e');
  create domain short as text check (length(value) < 5);
  create domain filled as text not null;
  create type mood as enum ('glad');
  create table keys (name text primary key, pin int unique, parent text references keys, small int check (small < 9),
    must text not null default 'x', span int4range, exclude using gist (span with &&), tiny varchar(5), three numeric(3, 0));
  insert into keys values ('canary-7c1d9e', 918273645, null, 1, 'x', '[918273640,918273650)');
  create table parts (id int, region text) partition by list (region);
  create table parts_eu partition of parts for values in ('EU');
  create view glad with (security_barrier) as select * from people where name = 'glad' with check option;
  create table wide (id int, text text); create index on wide (text);
  create function shout(text) returns text language plpgsql as $$ begin raise exception '%', $1 using
    detail = $1, hint = $1, column = $1, constraint = $1, table = $1, schema = $1, datatype = $1; end $$;
  create function forge(text) returns int language plpgsql as $$ begin raise exception
    'invalid input syntax for type integer: "%"', $1 using errcode = '22P02', schema = 'public', table = 'keys', constraint = $1; end $$;
  create function forge_key(text) returns int language plpgsql as $$ begin raise exception 'duplicate %', $1
    using errcode = '23505', schema = 'public', table = 'keys', constraint = $1; end $$;
  create function insist(text) returns int language plpgsql as $$ begin assert $1 = 'x', $1; return 1; end $$;
  create function dynamic(text) returns int language plpgsql as $$ begin execute $1; return 1; end $$;
  create function twice(text) returns int language sql volatile as $$ select ($1 || 'x')::int $$;
  create function told(text) returns text language plpgsql as $$ begin raise notice '%', $1; raise warning '%', $1; return $1; end $$;
  create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no: %', new using hint = new.note; end $$;
  create table guarded (id int, note text); create trigger guard before insert on guarded for each row execute function refuse();
  create function compare(text, text) returns boolean language plpgsql as $$ begin raise exception '% # %', $1, $2; end $$;
  create operator ### (function = compare, leftarg = text, rightarg = text);
  create view loud as select shout(name) from people;`;

/** Statements whose errors quote a value, and what is left of their messages; null: only that no canary is. */
const quoting: readonly (readonly [sql: string, sqlstate: string, message: string | null])[] = [
  ['select name::int from people', '22P02', 'invalid input syntax for type integer'],
  ['select name::uuid from people', '22P02', 'invalid input syntax for type uuid'],
  ['select name::double precision from people', '22P02', 'invalid input syntax for type double precision'],
  ['select name::inet from people', '22P02', 'invalid input syntax for type inet'],
  ['select name::date from people', '22007', 'invalid input syntax for type date'],
  ['select name::interval from people', '22007', 'invalid input syntax for type interval'],
  ["select (pin || '-01-01 00:00')::timestamp from people", '22007', null],
  ["select ('2000-13-' || pin)::date from people", '22008', 'date/time field value out of range'],
  ["select to_date(name, 'YYYY') from people", '22007', 'invalid date or time'],
  ['select name::json from people', '22P02', 'invalid input syntax for type json'],
  ['select note::jsonb from people', '22P02', 'invalid input syntax for type json'],
  ["select ('<' || name)::xml from people", '2200N', null],
  ['select name::regclass from people', '42P01', 'relation does not exist'],
  ['select name::regtype from people', '42704', null],
  ['select name::regrole from people', '42704', null],
  ['select name::mood from people', '22P02', 'invalid input value for enum'],
  ['select name::text[] from people', '22P02', 'malformed array literal'],
  ['select name::int4range from people', '22P02', 'malformed range literal'],
  ["select convert_from('\\xff'::bytea || name::bytea, name) from people", '22023', null],
  ["select to_tsquery('simple', name || ' & & (') from people", '42601', null],
  ['select extract(epoch from now()), date_trunc(name, now()) from people', '22023', null],
  ['select now() at time zone name from people', '22023', null],
  ['select to_regclass(name), set_config(name, name, false) from people', '42602', null],
  ['select current_setting(name) from people', '42704', null],
  ['select encode(sha256(name::bytea), name) from people', '22023', null],
  ['select get_bit(name::bytea, pin) from people', '2202E', null],
  [
    'insert into keys (name, pin) select name, 5 from people',
    '23505',
    'duplicate key value violates unique constraint "keys_pkey"',
  ],
  [
    "insert into keys (name, pin) select 'a', pin from people",
    '23505',
    'duplicate key value violates unique constraint "keys_pin_key"',
  ],
  [
    "insert into keys (name, parent) select 'b', name || 'x' from people",
    '23503',
    'insert, update or delete violates foreign key constraint "keys_parent_fkey" on table "keys"',
  ],
  [
    "insert into keys (name, small) select name || 'c', 10 from people",
    '23514',
    'new row for relation "keys" violates check constraint "keys_small_check"',
  ],
  [
    "insert into keys (name, must) select name || 'd', null from people",
    '23502',
    'null value in a column of relation "keys" violates not-null constraint',
  ],
  [
    "insert into keys (name, span) select 'e', int4range(pin, pin + 1) from people",
    '23P01',
    'conflicting key value violates exclusion constraint "keys_span_excl"',
  ],
  ['insert into parts select 1, name from people', '23514', 'a check constraint is violated'],
  ['insert into glad select 2, name, pin from people', '44000', 'new row violates check option for view'],
  ['select shout(name) from people', 'P0001', 'error raised in a function'],
  ['select * from loud', 'P0001', 'error raised in a function'],
  ["select name ### 'x' from people", 'P0001', 'error raised in a function'],
  ['select forge(name) from people', '22P02', 'invalid input syntax for type integer'],
  ['select forge_key(name) from people', '23505', 'duplicate key value violates a unique constraint'],
  ['select insist(name) from people', 'P0004', 'assertion failed'],
  ['select dynamic($$select "$$ || name || $$"$$) from people', '42703', 'column does not exist'],
  ['select dynamic($$select $$ || note) from people', '42601', null],
  ['select dynamic($$insert into keys values ($$ || quote_literal(name) || $$)$$) from people', '23505', null],
  ['select twice(name) from people', '22P02', 'invalid input syntax for type integer'],
  ['insert into guarded select id, name from people', 'P0001', 'error raised in a function'],
  ['do $$ declare r record; begin select * into r from people; raise exception $x$%$x$, r; end $$', 'P0001', null],
  ['do $$ declare n int; begin select name into n from people; end $$', '22P02', null],
];

/** Errors that say nothing of a row stay as they are. */
const plain: readonly (readonly [sql: string, sqlstate: string, hasPosition: boolean])[] = [
  ['select 1 / (id - 1) from people', '22012', false],
  ['select pin * 100 from people', '22003', false],
  ['select name::short from people', '23514', false],
  ['select (select id from people union all select 2)', '21000', false],
  ["select 'mine'::int", '22P02', true],
  ["select id from people where id = 'mine'", '22P02', true],
  ['select nmae from people', '42703', true],
  ['select * from poeple', '42P01', true],
  ['select nosuch(id) from people', '42883', true],
  ['selekt', '42601', true],
  ['select id, count(*) from people', '42803', true],
  ['select id || 1 from people', '42883', true],
  ['select id from people limit -1', '2201W', false],
  ["update keys set tiny = 'longer than five'", '22001', false],
  ['update keys set three = 1000', '22003', false],
  ['fetch from nowhere', '34000', false],
  ['execute nothing', '26000', false],
  ["set statement_timeout = '1ms'; select pg_sleep(5) from people", '57014', false],
  ['begin read only; delete from people', '25006', false],
];

interface Told {
  readonly error: ErrorFields | null;
  readonly notices: readonly ErrorFields[];
}

function fieldsOf(told: object): ErrorFields {
  const error = told as Readonly<Record<string, string | undefined>>;
  const names = ['detail', 'hint', 'where', 'schema', 'table', 'column', 'dataType', 'constraint', 'position'];
  const more = [...names, 'internalPosition', 'internalQuery', 'file', 'line', 'routine'];
  return {
    severity: error.severity ?? '',
    sqlstate: error.code ?? '',
    message: error.message ?? '',
    ...Object.fromEntries(more.flatMap((name) => (error[name] === undefined ? [] : [[name, error[name]]]))),
  };
}

async function told(url: string, sql: string, values?: unknown[]): Promise<Told> {
  const client = new pg.Client({ connectionString: url });
  const notices: ErrorFields[] = [];
  client.on('notice', (notice) => notices.push(fieldsOf(notice)));
  await client.connect();
  try {
    await client.query(sql, values);
    return { error: null, notices };
  } catch (error) {
    return { error: fieldsOf(error as object), notices };
  } finally {
    await client.end();
  }
}

function canariesIn(fields: ErrorFields | null): readonly string[] {
  return canaries.filter((canary) => JSON.stringify(fields).includes(canary));
}

for (const kind of kinds) {
  t.test(`what is left of the errors of ${kind} PostgreSQL`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(schema);

    t.test(`${server.major}: an error that quotes a value loses it and keeps its code`, async (t) => {
      for (const [sql, sqlstate, message] of quoting) {
        const { error } = await told(server.url, sql);
        if (error === null) {
          t.fail(`no error: ${sql}`);
          continue;
        }
        const redacted = redactError(error);
        t.not(canariesIn(error).length, 0, `the server itself shows it: ${sql}`);
        t.equal(redacted.sqlstate, error.sqlstate, sql);
        if (message !== null) t.equal(redacted.sqlstate, sqlstate, sql);
        t.equal(redacted.severity, error.severity);
        t.same(canariesIn(redacted), [], sql);
        if (message !== null) t.equal(redacted.message, message, sql);
      }
    });

    t.test(`${server.major}: an error that quotes none stays what it was`, async (t) => {
      for (const [sql, sqlstate, hasPosition] of plain) {
        const { error } = await told(server.url, sql);
        if (error === null) throw new Error(sql);
        const { message, position, hint } = redactError(error);
        t.same(
          [error.sqlstate, message],
          [sqlstate, error.message.replace(/(too long for type character varying).*/, '$1')],
          sql,
        );
        t.equal(position !== undefined, hasPosition, sql);
        t.ok(hint === undefined || hint === error.hint, sql);
      }
    });

    t.test(`${server.major}: a parameter's own error says which one it was`, async (t) => {
      const { error } = await told(server.url, 'select $1::int from people', ['canary-7c1d9e']);
      const redacted = error && redactError(error);
      t.match(redacted, { sqlstate: '22P02', message: 'invalid input syntax for type integer' });
      t.match(redacted?.where, /parameter \$1$/);
      t.same(canariesIn(redacted), []);
    });

    t.test(`${server.major}: a notice of a function is not heard`, async (t) => {
      const { notices } = await told(
        server.url,
        'commit; select told(name) from people; drop table if exists "canary-7c1d9e"',
      );
      t.same(
        notices.map(({ severity }) => severity),
        ['WARNING', 'NOTICE', 'WARNING', 'NOTICE'],
      );
      t.same(
        notices.map((notice) => redactNotice(notice)?.message),
        ['there is no transaction in progress', undefined, undefined, undefined],
      );
    });

    t.test(`${server.major}: what a check of the policy's raises is said as row security says it`, async (t) => {
      const { error } = await told(server.url, `select current_setting('${violationSetting}')`);
      t.match(error && redactError(error), { sqlstate: '42501', severity: 'ERROR', message: /^new row violates/ });
    });

    t.test(`${server.major}: a line of COPY is named and not shown`, async (t) => {
      const loaded = (columns: string, line: string) =>
        server.query(`copy keys (${columns}) from program 'echo ${line}'`).then(() => null, fieldsOf);
      for (const [columns, line, sqlstate, message] of [
        ['pin', 'canary-7c1d9e', '22P02', 'invalid input syntax for type integer'],
        ['name', 'canary-7c1d9e', '23505', 'duplicate key value violates unique constraint "keys_pkey"'],
        ['name, pin', 'canary-7c1d9e', '22P04', 'missing data for column'],
        ['tiny', 'canary-7c1d9e', '22001', 'value too long for type character varying'],
      ] as const) {
        const error = await loaded(columns, line);
        t.same(canariesIn(error), ['cana'], 'the server itself shows it');
        const redacted = error && redactError(error);
        t.match(redacted, { sqlstate, message, where: 'COPY keys, line 1' });
        t.same(canariesIn(redacted), []);
      }
      t.equal((await loaded('name, small', '"canary-7c1d9e"'))?.where?.startsWith('COPY keys, line 1'), true);
    });

    t.test(`${server.major}: a value's length in an index is not told`, async (t) => {
      const sql =
        "insert into wide select 1, string_agg(sha512(x::text::bytea)::text, '') from generate_series(1, 200) x";
      const { error } = await told(server.url, sql);
      t.match(error?.message, /index row (?:size|requires) \d+/);
      t.match(error && redactError(error), { sqlstate: '54000', message: 'program limit exceeded' });
    });
  });
}

t.test('a table and its constraint are named, a column is not', async (t) => {
  const error = {
    severity: 'ERROR',
    message: 'x',
    schema: 'public',
    table: 'keys',
    column: 'must',
    constraint: 'keys_pkey',
  };
  const taken = { ...error, sqlstate: '23505', detail: 'Key (name)=(canary-7c1d9e) already exists.' };
  t.match(redactError(taken), { table: 'keys', constraint: 'keys_pkey', message: /"keys_pkey"/ });
  const empty = { ...error, sqlstate: '23502' };
  t.notMatch(JSON.stringify(redactError(empty)), /must/);
});

t.test('a message in another language is replaced', async (t) => {
  const german = { severity: 'FEHLER', severityNonLocalized: 'ERROR', sqlstate: '22P02' };
  const error = { ...german, message: 'ungültige Eingabesyntax für Typ integer: »canary-7c1d9e«' };
  t.match(redactError(error), { ...german, message: 'invalid input syntax', hint: /withheld/ });
});
