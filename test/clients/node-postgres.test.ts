import { once } from 'node:events';
import pg from 'pg';
import t from 'tap';
import { sameThreeWays, type Way } from '../support/three-ways.js';
import { until } from '../support/until.js';

const settings = (way: Way): pg.ClientConfig => ({
  ...{ host: way.host, port: way.port, user: way.user, password: way.password, database: way.database },
  ssl: { ca: way.rootCert, servername: 'localhost' },
});

async function withClient<T>(
  way: Way,
  work: (client: pg.Client) => Promise<T>,
  more: pg.ClientConfig = {},
): Promise<T> {
  const client = new pg.Client({ ...settings(way), ...more });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What a driver makes of an error, without where in the server's source it came from. */
const told = (error: unknown): unknown => {
  const { message, code, severity, detail, hint, position, constraint, table } = error as pg.DatabaseError;
  return { message, code, severity, detail, hint, position, constraint, table };
};

t.test('node-postgres gets the same rows, fields and errors', async (t) => {
  await sameThreeWays(t, (way) =>
    withClient(way, async (client) => {
      const results: unknown[] = [];
      const note = async (query: (pg.QueryConfig & { rowMode?: 'array' }) | string, values?: unknown[]) => {
        const result = await client.query(query as pg.QueryConfig, values).catch(told);
        const { rows, rowCount, command, fields } = result as pg.QueryResult;
        const shown = fields?.map(({ name, dataTypeID, format }) => ({ name, dataTypeID, format }));
        results.push(rows === undefined ? result : { rows, rowCount, command, fields: shown });
      };
      await note('create table person (id int primary key, name text, born timestamptz, data jsonb)');
      await note('insert into person values ($1, $2, $3, $4) returning *', [
        1,
        'Ærø 🦊',
        new Date(0),
        { a: [1, null] },
      ]);
      await note('insert into person values ($1, $2)', [1, 'again']);
      await note('select * from person where id = any($1::int[])', [[1, 2]]);
      await note({ name: 'by id', text: 'select name from person where id = $1', values: [1] });
      await note({ name: 'by id', text: 'select name from person where id = $1', values: [2] });
      await note({ text: 'select id, data from person', rowMode: 'array' });
      await note('select $1::bytea as bytes, $2::numeric as number, $3::bool as flag', [
        Buffer.from([0, 255]),
        '1.50',
        true,
      ]);
      await note('selekt');
      await note('select $1::int', ['not a number']);
      await note('select');
      await note('');
      return results;
    }),
  );
});

t.test('node-postgres hears notices and notifications, its own and others’', async (t) => {
  await sameThreeWays(t, (way) =>
    withClient(way, async (client) => {
      const seen: unknown[] = [];
      client.on('notice', ({ message, severity }) => seen.push({ message, severity }));
      client.on('notification', ({ channel, payload }) => seen.push({ channel, payload }));
      await client.query(`do $$ begin raise notice 'hear'; end $$`);
      await client.query('listen news');
      await client.query(`notify news, 'own'`);
      await withClient(way, (other) => other.query(`select pg_notify('news', 'of another')`));
      await until('both notifications are there', () => seen.length === 3);
      return seen;
    }),
  );
});

t.test('transactions of a node-postgres pool keep to themselves', async (t) => {
  await sameThreeWays(t, async (way) => {
    const pool = new pg.Pool({ ...settings(way), max: 6 });
    // end() doesn't wait for the connections' ends, and the next way takes the database away by force.
    const ended: Promise<unknown>[] = [];
    pool.on('connect', (client) => ended.push(once(client, 'end')));
    await pool.query('create table account (id int primary key, balance int not null check (balance >= 0))');
    await pool.query('insert into account select n, 100 from generate_series(1, 10) n');
    const transfer = async (n: number): Promise<string> => {
      const client = await pool.connect();
      const [from, to] = [1 + (n % 10), 1 + ((n * 7 + 3) % 10)];
      try {
        await client.query('begin');
        // In the order of their ids, so that no two transfers wait for each other.
        await client.query('select 1 from account where id = any($1) order by id for update', [[from, to]]);
        await client.query('update account set balance = balance - $2 where id = $1', [
          from,
          1000 * (n % 5 === 0 ? 1 : 0) + 1,
        ]);
        await client.query('update account set balance = balance + $2 where id = $1', [to, 1]);
        await client.query('commit');
        return 'done';
      } catch (error) {
        await client.query('rollback');
        return (error as pg.DatabaseError).code ?? 'unknown';
      } finally {
        client.release();
      }
    };
    const outcomes = await Promise.all(Array.from({ length: 60 }, (_, n) => transfer(n)));
    const { rows } = await pool.query('select sum(balance)::int as sum, count(*)::int as accounts from account');
    await pool.end();
    await Promise.all(ended);
    return { rows, outcomes };
  });
});

t.test('what node-postgres asks without waiting comes back in order', async (t) => {
  await sameThreeWays(t, (way) =>
    withClient(way, async (client) => {
      const asked = Array.from({ length: 200 }, (_, n) =>
        client
          .query(n % 20 === 19 ? 'select 1 / $1::int' : 'select $1::int as n', [n % 20 === 19 ? 0 : n])
          .then(({ rows }) => rows[0].n, told),
      );
      return await Promise.all(asked);
    }),
  );
});

t.test('node-postgres is refused with the same errors', async (t) => {
  await sameThreeWays(t, async (way) => {
    const wrongPassword = await withClient(way, async () => 'let in', { password: 'guess' }).catch(told);
    const unknownUser = await withClient(way, async () => 'let in', { user: 'nobody' }).catch(told);
    return { wrongPassword, unknownUser };
  });
});
