import t from 'tap';
import { escapeLiteral, quoteIdentifier, quoteLiteral } from '../../src/sql/quote.js';
import { startPostgres } from '../support/postgres.js';

t.test('a name or text with quotes in it ends where it is meant to', async (t) => {
  t.equal(quoteIdentifier('a"; drop table b; --'), '"a""; drop table b; --"');
  t.equal(quoteLiteral("a'; drop table b; --"), "'a''; drop table b; --'");
  t.equal(quoteLiteral('\\'), "'\\'", 'a backslash is itself');
});

t.test(
  'what is written as a literal is read as it was, whatever the server makes of backslashes and encodings',
  async (t) => {
    const server = await startPostgres();
    t.teardown(() => server.stop());
    const values = ["it's", 'a\\b', "\\'", 'größe', '漢字 𝒳', 'line\nbreak', '\x01\x7f', '"quoted"', '', "E'"];
    for (const conforming of ['on', 'off']) {
      for (const encoding of ['UTF8', 'LATIN1']) {
        for (const value of values) {
          if (encoding === 'LATIN1' && /[^\0-\xff]/.test(value)) continue;
          const literal = escapeLiteral(value);
          t.match(literal, /^[\x20-\x7e]*$/, 'plain ASCII');
          const sql = `set standard_conforming_strings to ${conforming}; set escape_string_warning to off;
          set client_encoding to '${encoding}'; select encode(convert_to(${literal}, 'UTF8'), 'hex') as hex`;
          const [row] = await server.query(sql);
          t.equal(row?.hex, Buffer.from(value).toString('hex'), `${literal} with ${conforming}, ${encoding}`);
        }
      }
    }
  },
);
