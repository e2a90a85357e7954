import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import t from 'tap';
import { sameThreeWays, type Way } from '../support/three-ways.js';
import { until } from '../support/until.js';

async function withSql<T>(
  way: Way,
  work: (sql: postgres.Sql) => Promise<T>,
  more: postgres.Options<Record<string, postgres.PostgresType>> = {},
): Promise<T> {
  const { host, port, user, password, database } = way;
  const ssl = { ca: way.rootCert, servername: 'localhost' };
  const sql = postgres({ host, port, user, password, database, ssl, max: 4, onnotice: () => {}, ...more });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

const told = (error: unknown): unknown => {
  const { message, code, severity, detail, constraint_name } = error as postgres.PostgresError;
  return { message, code, severity, detail, constraint_name };
};

t.test('postgres.js gets the same rows, types and errors', async (t) => {
  await sameThreeWays(t, (way) =>
    withSql(way, async (sql) => {
      await sql`create table person (id int primary key, name text, tags text[], data jsonb, born timestamptz)`;
      const people = [
        { id: 1, name: 'Ærø 🦊', tags: ['a b', 'c"d'], data: sql.json({ a: [1, null] }), born: new Date(0) },
        { id: 2, name: null, tags: [], data: null, born: null },
      ];
      const inserted = await sql`insert into person ${sql(people)} returning id`;
      const rows = await sql`select * from person where id in ${sql([1, 2])} order by id`;
      const values = await sql`select id, name from person order by id`.values();
      const described = await sql`select id, name from person where id = ${1}`.describe();
      const doubled = await sql`insert into person (id) values (${1})`.catch(told);
      const broken = await sql`selekt`.catch(told);
      const several = await sql`select 1 as one; select 2 as two`.simple();
      const names = described.columns.map(({ name, type }) => ({ name, type }));
      const all = [inserted, rows, values, described.types, names, doubled, broken, several];
      // Plain values: the driver's results carry the state of the connection they came over.
      return JSON.parse(JSON.stringify(all)) as unknown;
    }),
  );
});

t.test('postgres.js runs transactions, savepoints and cursors', async (t) => {
  await sameThreeWays(t, (way) =>
    withSql(way, async (sql) => {
      await sql`create table n (n int primary key)`;
      await sql.begin(async (tx) => {
        await tx`insert into n select generate_series(1, 100)`;
        await tx.savepoint((inner) => inner`insert into n values (1)`).catch(() => 'taken back');
      });
      const failed = await sql.begin(async (tx) => [await tx`delete from n`, await tx`select 1 / 0`]).catch(told);
      const chunks: number[] = [];
      for await (const rows of sql`select n from n order by n`.cursor(30)) chunks.push(rows.length);
      const parallel = await Promise.all(
        Array.from({ length: 50 }, (_, n) => sql`select ${n}::int as n, pg_sleep(0.001)`),
      );
      const [sum] = await sql`select sum(n)::int from n`;
      return { failed, chunks, sum: { ...sum }, parallel: parallel.map(([row]) => row?.n) };
    }),
  );
});

t.test('postgres.js copies both ways and listens', async (t) => {
  await sameThreeWays(t, (way) =>
    withSql(way, async (sql) => {
      await sql`create table line (n int, text text)`;
      const lines = Array.from({ length: 20_000 }, (_, n) => `${n}\tline ${n} ${'x'.repeat(n % 100)}\n`);
      await pipeline(Readable.from(lines), await sql`copy line from stdin`.writable());
      let bytes = 0;
      for await (const chunk of await sql`copy line to stdout`.readable()) bytes += chunk.length;
      const [sums] = await sql`select count(*)::int, sum(n)::int, sum(length(text))::int as length from line`;
      const heard: string[] = [];
      const { unlisten } = await sql.listen('news', (payload) => heard.push(payload));
      for (const payload of ['one', 'two', 'three']) await sql.notify('news', payload);
      await until('all notifications are there', () => heard.length === 3);
      await unlisten();
      return { bytes, expected: lines.join('').length, sums: { ...sums }, heard };
    }),
  );
});

t.test('postgres.js cancels what it runs, without prepared statements too', async (t) => {
  for (const prepare of [true, false]) {
    await sameThreeWays(t, (way) =>
      withSql(
        way,
        async (sql) => {
          const count = `select count(*)::int as count from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`;
          const sleep = sql`select pg_sleep(60)`;
          const outcome = sleep.then(() => 'slept', told);
          await until('it sleeps', async () => (await way.server.query(count))[0]?.count === 1);
          sleep.cancel();
          const cancelled = await outcome;
          const next = () => sql`select ${1}::int as one`;
          // PostgreSQL signals twice for one request, and its second signal may hit what comes next. Ours never does.
          const after = way.name === 'direct' ? await next().catch(next) : await next();
          return { cancelled, after: after.map((row) => ({ ...row })) };
        },
        { prepare, max: 1 },
      ),
    );
  }
});
