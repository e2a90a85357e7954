import t from 'tap';
import { fingerprintSql } from '../../src/catalog/fingerprint.js';
import { type CatalogConnection, ReopeningReader } from '../../src/catalog/reopening-reader.js';

/** Connections that answer as they are told, and how many there were. */
function connections(answer: (sql: string) => string | null) {
  const made: { isClosed: boolean; asked: string[] }[] = [];
  const connect = async (): Promise<CatalogConnection> => {
    const one = { isClosed: false, asked: [] as string[] };
    made.push(one);
    return {
      ask: async (sql) => {
        one.asked.push(sql);
        return answer(sql);
      },
      close: () => {
        one.isClosed = true;
      },
    };
  };
  return { made, connect };
}

const answers = (sql: string) => (sql.includes('server_version_num') && !sql.includes('json') ? '150004' : '{}');

t.test('one connection serves many questions, prepared once, its names safe from the database’s own', async (t) => {
  const { made, connect } = connections(answers);
  const reader = new ReopeningReader(connect);
  await reader.readFingerprint();
  await reader.readFingerprint();
  t.equal(made.length, 1);
  t.equal(made[0]?.asked[0], 'set search_path = pg_catalog, pg_temp');
  t.equal(made[0]?.asked.filter((sql) => sql === fingerprintSql).length, 2);
});

t.test('after an error the connection is closed, and the next question opens another', async (t) => {
  let isBroken = false;
  const { made, connect } = connections((sql) => {
    if (isBroken && sql === fingerprintSql) throw new Error('cut');
    return answers(sql);
  });
  const reader = new ReopeningReader(connect);
  await reader.readFingerprint();
  isBroken = true;
  await t.rejects(reader.readFingerprint(), { message: 'cut' });
  t.equal(made[0]?.isClosed, true);
  isBroken = false;
  await reader.readFingerprint();
  t.equal(made.length, 2);
});

t.test('a server older than 13 is refused, and not kept', async (t) => {
  const { made, connect } = connections((sql) => (sql.includes('server_version_num') ? '120018' : '{}'));
  const reader = new ReopeningReader(connect);
  await t.rejects(reader.readFingerprint(), { message: /PostgreSQL 13 or later, and the server is 12/ });
  t.equal(made[0]?.isClosed, true);
});

t.test('closing closes the connection, and one that comes too late', async (t) => {
  const { made, connect } = connections(answers);
  const reader = new ReopeningReader(connect);
  await reader.readFingerprint();
  reader.close();
  t.equal(made[0]?.isClosed, true);
  await t.rejects(reader.readFingerprint(), { message: /closed/ });
  t.equal(made[1]?.isClosed, true);
});

t.test('closing closes the connection that is just being made ready', async (t) => {
  const { made, connect } = connections((sql) => {
    if (sql.includes('server_version_num')) reader.close();
    return answers(sql);
  });
  const reader: ReopeningReader = new ReopeningReader(connect);
  await t.rejects(reader.readFingerprint(), { message: /closed/ });
  t.same(
    made.map(({ isClosed }) => isClosed),
    [true],
  );
});
