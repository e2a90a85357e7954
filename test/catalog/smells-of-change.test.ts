import pg from 'pg';
import t from 'tap';
import { smellsOfChange } from '../../src/catalog/smells-of-change.js';
import { kinds } from '../support/catalog.js';
import { startPostgres } from '../support/postgres.js';

/** Statements that were right a moment ago, by what has been done to the table since. */
const surprises: readonly (readonly [string, string, string])[] = [
  ['a table dropped', 'drop table t cascade', 'select * from t'],
  ['a column renamed', 'alter table t rename a to z', 'select a from t'],
  ['a function dropped', 'drop function f()', 'select f()'],
  ['a type dropped', 'drop type mood', `select 'x'::mood`],
  ['a schema dropped', 'drop schema attic', 'create table attic.x ()'],
  ['a key dropped', 'alter table t drop constraint t_pkey', 'insert into t values (1, 2) on conflict (a) do nothing'],
  ['a column of another type', 'alter table t alter b type timestamptz using now()', 'insert into t values (2, 1)'],
  ['a table that became an index', 'alter table t rename to old; create index t on old (b)', 'select * from t'],
  [
    'a column that is generated now',
    'alter table t drop b; alter table t add b int generated always as (a) stored',
    'insert into t values (1, 2)',
  ],
];

for (const kind of kinds) {
  t.test(`what the ${kind} server says to a statement that a change has overtaken smells of change`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    t.teardown(() => client.end());
    const fails = async (run: () => Promise<unknown>): Promise<pg.DatabaseError> => {
      const error = await run().then(
        () => null,
        (reason: unknown) => reason,
      );
      if (!(error instanceof pg.DatabaseError)) throw new Error(`no error of the server's: ${String(error)}`);
      return error;
    };
    for (const [name, change, sql] of surprises) {
      await client.query(`drop schema if exists now, attic cascade; create schema now; set search_path = now;
        create table t (a int primary key, b int); create type mood as enum ('x'); create schema attic;
        create function f() returns int language sql as 'select 1'`);
      await client.query(change);
      const { code = '', message } = await fails(() => client.query(sql));
      t.ok(smellsOfChange(code, message), `${name}: ${code} ${message}`);
    }
    await client.query('drop table t cascade; create table t (a int)');
    await client.query({ name: 'kept', text: 'select * from t' });
    await client.query('alter table t add b int');
    const { code = '', message } = await fails(() => client.query({ name: 'kept', text: 'select * from t' }));
    t.equal(code, '0A000');
    t.ok(smellsOfChange(code, message), message);
    for (const sql of [
      'select 1/0',
      'selec',
      'insert into t values (1, 2, 3)',
      'select 1 from t for update of x skip',
    ]) {
      const error = await fails(() => client.query(sql));
      t.notOk(smellsOfChange(error.code ?? '', error.message), `${sql}: ${error.code}`);
    }
  });
}
