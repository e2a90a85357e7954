import pg from 'pg';
import t from 'tap';
import { saslprep } from '../../src/scram/saslprep.js';
import { stringprepTables } from '../../src/scram/stringprep-tables.js';
import { buildVerifier, formatVerifier, parseVerifier } from '../../src/scram/verifier.js';
import { startPostgres } from '../support/postgres.js';
import { hasPostgres } from '../support/postgres-binaries.js';

const prepared = (text: string): string => saslprep(text).toString('utf8');

t.test('the examples of RFC 4013 are prepared as it says', async (t) => {
  t.equal(prepared('I\u00adX'), 'IX', 'a soft hyphen is mapped to nothing');
  t.equal(prepared('user'), 'user');
  t.equal(prepared('USER'), 'USER');
  t.equal(prepared('\u00aa'), 'a', 'NFKC');
  t.equal(prepared('\u2168'), 'IX', 'NFKC');
});

t.test('what RFC 4013 refuses is taken as it is, as PostgreSQL does', async (t) => {
  t.equal(prepared('\u0007'), '\u0007', 'a control character');
  t.equal(prepared('\u0627\u0031'), '\u0627\u0031', 'right-to-left that does not end so');
  t.equal(prepared('é\u0007'), 'é\u0007');
  t.equal(prepared('\u00ad'), '\u00ad', 'nothing would be left');
  t.equal(prepared('\ufb01\u0221'), '\ufb01\u0221', 'a character that Unicode 3.2 did not have');
});

t.test('bytes that are not UTF-8 stay as they are', async (t) => {
  const bytes = Buffer.from([0xc3, 0x28, 0xaa]);
  t.same(saslprep(bytes), bytes);
});

t.test('a space that is not ASCII becomes one', async (t) => {
  t.equal(prepared('a\u00a0b\u3000c\u200bd'), 'a b c d');
});

/** Every character at which one of the tables begins or ends, and its neighbours. */
function edges(): number[] {
  const found = new Set<number>();
  for (const isIn of Object.values(stringprepTables)) {
    for (let codePoint = 0x80; codePoint < 0x30000; codePoint++) {
      if (isIn(codePoint) !== isIn(codePoint - 1)) found.add(codePoint - 1).add(codePoint);
    }
  }
  return [...found].filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff);
}

const skip = hasPostgres('embedded') ? false : 'needs a PostgreSQL with scram_iterations (16 and later)';
t.test('at the edges of every table PostgreSQL makes the same verifier', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded', settings: { scram_iterations: '1' } });
  t.teardown(() => server.stop());
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`create role r; create function secret_of(password text) returns text language plpgsql as $$
    begin
      execute format('alter role r password %L', password);
      return (select rolpassword from pg_authid where rolname = 'r');
    end $$`);
  const passwords = edges().flatMap((codePoint) => {
    const character = String.fromCodePoint(codePoint);
    return [`x${character}y`, `\u05d0${character}\u05d0`];
  });
  const differing: string[] = [];
  for (const password of passwords) {
    const { rows } = await client.query<{ secret: string }>('select secret_of($1) as secret', [password]);
    const secret = rows[0]?.secret ?? '';
    const verifier = parseVerifier(secret);
    const own = verifier && formatVerifier(await buildVerifier(password, verifier.salt, verifier.iterations));
    if (own !== secret) differing.push(escape(password));
  }
  await client.end();
  t.ok(passwords.length > 2000);
  t.same(differing, []);
});
