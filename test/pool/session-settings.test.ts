import t from 'tap';
import { differenceSql, SessionSettings, setSql } from '../../src/pool/session-settings.js';
import { startPostgres } from '../support/postgres.js';

const of = (values: Record<string, string>) => SessionSettings.from(Object.entries(values));

t.test('settings are alike when their names and values are, in whatever order and case they came', async (t) => {
  t.equal(of({ TimeZone: 'UTC', work_mem: '4MB' }).key, of({ work_mem: '4MB', timezone: 'UTC' }).key);
  t.not(of({ timezone: 'UTC' }).key, of({ timezone: 'utc' }).key);
  t.equal(of({}).key, SessionSettings.none.key);
});

t.test('later values win', async (t) => {
  const laid = of({ a: '1', b: '2' }).with(of({ B: '3', c: '4' }));
  t.same(
    [...laid.values],
    [
      ['a', '1'],
      ['b', '3'],
      ['c', '4'],
    ],
  );
  t.same([...of({ a: '1' }).with(SessionSettings.none).values], [['a', '1']]);
});

t.test('a difference resets what is not wanted and sets what is, and who one is comes last', async (t) => {
  t.equal(differenceSql(of({ a: '1' }), of({ a: '1' })), null);
  t.equal(differenceSql(of({ a: '1', 'my.b': '2' }), of({})), 'RESET "my"."b";RESET "a"');
  t.equal(differenceSql(of({}), of({ a: '1' })), "SELECT pg_catalog.set_config('a','1',false)");
  const from = of({ role: 'x', session_authorization: 'y', a: '1' });
  t.match(differenceSql(from, of({})), /^RESET "role";RESET "session_authorization";RESET "a"$/);
  const to = of({ role: 'x', a: '1', session_authorization: 'y' });
  t.match(differenceSql(of({}), to), /'a'.*'session_authorization'.*'role'/);
});

t.test('what a value names only a part of is reset before it is set', async (t) => {
  const from = of({ datestyle: 'German, DMY' });
  const set = "SELECT pg_catalog.set_config('datestyle','SQL',false)";
  t.equal(differenceSql(from, of({ datestyle: 'SQL' })), `RESET "datestyle";${set}`);
  t.equal(differenceSql(of({}), of({ datestyle: 'SQL' })), set);
});

t.test('lists and names of settings that need quotes are set as they are reported', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const wanted = { search_path: '"a""b", public', 'my.own': "it's", datestyle: 'SQL, DMY' };
  const [row] = await server.query(`${setSql(Object.entries(wanted))};
    select current_setting('search_path') as path, current_setting('my.own') as own, current_setting('datestyle') as style`);
  t.same(row, { path: '"a""b", public', own: "it's", style: 'SQL, DMY' });
});
