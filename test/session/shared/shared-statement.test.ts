import t from 'tap';
import { isTimeless } from '../../../src/session/shared/shared-statement.js';

t.test('a text with a time word in a literal means something else another time', (t) => {
  for (const literal of ["'now'", "'  Tomorrow'", '$$now$$', '$tag$today$tag$', '$ä$yesterday$ä$'])
    t.equal(isTimeless(`select * from item where made < ${literal}::date`), false, literal);
  t.end();
});

t.test('a call of now() does not, and so beside parameters', (t) => {
  for (const text of ['select now()', 'select * from item where id = $1 and at < now() and made > $2'])
    t.equal(isTimeless(text), true, text);
  t.end();
});
