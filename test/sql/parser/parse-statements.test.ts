import pg from 'pg';
import t from 'tap';
import { parseStatements } from '../../../src/sql/parser/parse-statements.js';
import { startPostgres } from '../../support/postgres.js';

/** Texts that the grammar or lexer refuses. */
const wrong = [
  'selct 1',
  'select 1 from',
  'select (1',
  "select 'abc",
  'select "abc',
  'select /* abc',
  'select $$abc',
  'select 1 1',
  "sélect 'ü', from",
  "select 'ü' || '漢字🙂' frm t where",
  'select ""',
  "select U&'\\00'",
  "select U&'\\0000'",
  "select U&'\\d800'",
  "select E'\\u12'",
  'select * from t limit 1, 2',
  'insert t values (1)',
  'create table t (a int',
  'select a b c',
  'update t set',
  'delete t',
  'copy t from',
  'select from t group by',
  'a',
  ')',
  'select 1; selct 2',
  'select f(a => 1, 2,)',
  'select a from t where b in ()',
  'select * from (select 1',
  'select case when 1 then 2',
  'create function f() returns int begin atomic select 1',
  'select cast(1 as)',
  'select count(distinct) from t',
  'grant select on t',
  'select sum(a) over (rows between unbounded following and current row) from t',
  'select 1 limit 1 limit 2',
  'with a as (select 1) with b as (select 2) select 1',
  'create assertion a check (true)',
  'create table t (a int references b match partial)',
  'select unique (select 1)',
  'drop role current_user',
  'select float(0) (1)',
  'alter table t alter column a set statistics',
];

t.test('errors have the words, the code and the place of a server', async (t) => {
  const postgres = await startPostgres();
  t.teardown(() => postgres.stop());
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  for (const text of wrong) {
    const theirs = await client.query(text).then(
      () => null,
      ({ code, message, position }: { code: string; message: string; position?: string }) => ({
        sqlstate: code,
        message,
        position: position === undefined ? null : Number(position),
      }),
    );
    const { result } = parseStatements(text);
    if (result.ok) {
      // Refused later, by what isn't syntax.
      t.not(theirs?.sqlstate, '42601', text);
      continue;
    }
    const { ok: _ok, ...ours } = result;
    t.same(ours, theirs, text);
  }
  await client.end();
});

t.test('each statement lies where it is in the text, in bytes', async (t) => {
  const text = "  select 'ü' ; /* x */ delete from only t;select 2";
  const { result } = parseStatements(text);
  t.ok(result.ok);
  if (!result.ok) return;
  const cut = result.statements.map(({ startByte, endByte }) =>
    Buffer.from(text).subarray(startByte, endByte).toString(),
  );
  t.same(
    cut.map((part) => part.trim()),
    ["select 'ü'", 'delete from only t', 'select 2'],
  );
});

t.test('more statements than can be decided on at once are refused', async (t) => {
  t.match(parseStatements('select 1;'.repeat(1_000)), { result: { ok: true }, isDamaged: false });
  t.match(parseStatements('select 1;'.repeat(1_001)), { result: { ok: false, sqlstate: '54000' }, isDamaged: false });
  const tables = Array.from({ length: 2_001 }, (_, i) => `t${i}`);
  t.match(parseStatements(`select from ${tables}`), { result: { ok: false, sqlstate: '54000' }, isDamaged: false });
});

t.test('running out of its own memory counts as damage', async (t) => {
  const text = `${'select * from ('.repeat(5_000)}select 1${') x'.repeat(5_000)}`;
  t.match(parseStatements(text), { result: { ok: false, sqlstate: '54000' }, isDamaged: true });
});
