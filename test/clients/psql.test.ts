import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { findPostgres } from '../support/postgres-binaries.js';
import { findTool, run, start } from '../support/process.js';
import { sameThreeWays, type Way, without } from '../support/three-ways.js';
import { until } from '../support/until.js';

const psql = findTool('psql', [findPostgres().folder]);
const skip = without({ psql });
const command = psql ?? '';

/** Runs a script and gives all that psql printed, without the process ids that notifications carry. */
async function script(way: Way, lines: string[], args: string[] = []) {
  const options = { env: way.env, cwd: way.folder, input: `${lines.join('\n')}\n` };
  const { code, stdout, stderr } = await run(command, ['--no-psqlrc', ...args], options);
  return { code, stdout: stdout.replace(/PID \d+/g, 'PID n'), stderr };
}

const tables = [
  'create table city (id serial primary key, name text not null unique, founded date, area numeric(8,2));',
  `insert into city (name, founded, area) values ('Århus', null, 91.00), ('Łódź', '1423-07-29', 293.25), ('', '0001-01-01 BC', -1);`,
  'create view old_city as select name from city where founded is not null;',
];

t.test('psql prints the same tables, descriptions and formats', { skip }, async (t) => {
  await sameThreeWays(t, (way) =>
    script(way, [
      ...tables,
      'table city order by id;',
      '\\x on',
      'table city order by id;',
      '\\x off',
      '\\pset format csv',
      'select *, null as nothing, array[1,2] as list, row(1, null) as pair from city order by id;',
      '\\pset format unaligned',
      '\\pset null ∅',
      'select name, founded from city order by id;',
      '\\pset format aligned',
      '\\d',
      '\\d city',
      '\\d+ old_city',
      '\\dt city',
      '\\dn',
      '\\df now',
      `\\l ${way.database}`,
      '\\du app',
      '\\d nowhere',
      'select 1 as one, 2::float8 as two, $$three$$ as three \\gdesc',
      'select id, name from city order by id limit 1 \\gset picked_',
      '\\echo :picked_id :picked_name',
      `select format('select %L as generated', name) from city order by id \\gexec`,
      'select id, name, area from city order by id \\crosstabview id name area',
      '\\encoding',
      'select current_user, current_database(), current_schema;',
      'select 1 as one\\; select 2 as two;',
    ]),
  );
});

t.test('psql copies in and out, from its own files and from its input', { skip }, async (t) => {
  await sameThreeWays(t, async (way) => {
    const file = path.join(way.folder, 'cities.csv');
    writeFileSync(file, 'name,founded,area\n"Łódź, PL",1423-07-29,293.25\nRoma,,1285\n');
    return await script(way, [
      ...tables,
      `\\copy city (name, founded, area) from '${file}' with (format csv, header)`,
      '\\copy (select name, area from city order by id) to stdout with (format csv)',
      `\\copy city (name) to '${path.join(way.folder, 'names.txt')}'`,
      'copy city (name, area) from stdin;',
      'Tab\\tand\\nline\t1',
      '\\N\t2',
      '\\.',
      'copy city (name) from stdin;',
      'Oslo',
      '\\.',
      'copy (select generate_series(1, 3)) to stdout;',
      `copy city (name, area) to stdout (format binary) \\g ${path.join(way.folder, 'binary')}`,
      `copy city (name) from '/nowhere';`,
      'select count(*) from city;',
    ]);
  });
});

t.test('psql sees the same errors, notices and transaction states', { skip }, async (t) => {
  await sameThreeWays(t, (way) =>
    script(way, [
      ...tables,
      'selekt 1;',
      'select no_such_column from city;',
      '\\set VERBOSITY verbose',
      `insert into city (name) values ('Łódź');`,
      'select 1/0;',
      '\\set VERBOSITY default',
      `do $$ begin raise notice 'noted %', 1; raise warning 'warned' using hint = 'do not'; end $$;`,
      'begin;',
      'select 1/0;',
      'select 1;',
      'rollback;',
      'begin; savepoint a; select 1/0;',
      'rollback to a;',
      `insert into city (name) values ('Bern');`,
      'commit;',
      'commit;',
      '\\set ON_ERROR_ROLLBACK on',
      'begin; select 1/0;',
      `insert into city (name) values ('Wien');`,
      'end;',
      '\\set FETCH_COUNT 2',
      'select name from city order by id;',
      'begin isolation level serializable read only deferrable;',
      'show transaction_isolation;',
      'delete from city;',
      'abort;',
      '\\set AUTOCOMMIT off',
      'delete from city;',
      'rollback;',
      'select count(*) from city;',
    ]),
  );
});

t.test('what psql leaves in its session is there for its next statement', { skip }, async (t) => {
  await sameThreeWays(t, (way) =>
    script(way, [
      ...tables,
      `set application_name = 'a b'; set datestyle = 'German, DMY'; set search_path = nowhere, public;`,
      'show application_name;',
      `select '2026-02-01'::date, current_schemas(false);`,
      'begin; set local datestyle = iso; select date $$2026-02-01$$; rollback;',
      'show datestyle;',
      'reset datestyle; show datestyle;',
      'prepare two(int) as select $1 + 2; execute two(40);',
      'execute two(1);',
      'deallocate two; execute two(1);',
      'create temp table mine as select generate_series(1, 3) as n;',
      'select sum(n) from mine;',
      'begin; declare c scroll cursor with hold for select n from mine order by n; fetch 2 from c; commit;',
      'fetch backward 1 from c; fetch all from c; close c;',
      'select pg_advisory_lock(7); select pg_advisory_unlock(7);',
      'listen news;',
      `notify news, 'hello';`,
      'select 1;',
      'unlisten *; notify news; select 2;',
      'discard all;',
      'show application_name; select * from mine;',
      'select lastval();',
      `select set_config('app.key', 'value', false);`,
      `select current_setting('app.key');`,
    ]),
  );
});

t.test('psql -c, -f, -1 and ON_ERROR_STOP end with the same codes', { skip }, async (t) => {
  await sameThreeWays(t, async (way) => {
    const file = path.join(way.folder, 'script.sql');
    writeFileSync(file, `create table t (a int);\ninsert into t values (1), ('x');\nselect 'not reached' as never;\n`);
    const runs = [
      ['-c', 'select 1; select 2', '-c', 'select 3'],
      ['-c', 'create table u (a int); insert into u values (1); select 1/0'],
      ['-At', '-c', `select to_regclass('u') is null`],
      ['-1', '-v', 'ON_ERROR_STOP=1', '-f', file],
      ['-At', '-c', `select to_regclass('t') is null`],
    ];
    const results: unknown[] = [];
    for (const args of runs) results.push(await script(way, [], args));
    return results;
  });
});

t.test('Ctrl-C in psql cancels the statement on the server, and nothing else', { skip }, async (t) => {
  await sameThreeWays(t, async (way) => {
    const count = `select count(*)::int as count from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`;
    const running = async () => (await way.server.query(count))[0]?.count;
    const options = { env: way.env, deadlineMs: 30_000 };
    const bystander = start(command, ['-XAt', '-c', `select pg_sleep(2) is null as slept`], options);
    const sleeper = start(command, ['-X', '-c', 'select pg_sleep(60)'], options);
    await until('both statements run', async () => (await running()) === 2);
    process.kill(sleeper.pid, 'SIGINT');
    const { code, stdout, stderr } = await sleeper.finished;
    const others = await bystander.finished;
    return [code, stdout, stderr, others.code, others.stdout, others.stderr, await running()];
  });
});
