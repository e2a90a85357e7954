import t from 'tap';
import { nextParseTime, UpstreamStatements } from '../../src/pool/upstream-statements.js';

t.test('a statement is there when it was parsed no earlier than the client’s own', async (t) => {
  const statements = new UpstreamStatements(10);
  const [early, parsed, late] = [nextParseTime(), nextParseTime(), nextParseTime()];
  t.notOk(statements.has('a', early));
  statements.add('a', parsed);
  t.ok(statements.has('a', early));
  t.ok(statements.has('a', parsed));
  t.notOk(statements.has('a', late), 'a table may have changed in between');
  t.equal(statements.parseTimeOf('a'), parsed);
  statements.forget('a');
  t.notOk(statements.has('a', early));
});

t.test('the one that was not used for the longest is taken off first', async (t) => {
  const statements = new UpstreamStatements(2);
  for (const name of ['a', 'b']) statements.add(name, nextParseTime());
  t.equal(statements.takeExcess(), undefined, 'as many as there may be');
  statements.has('a', 0);
  statements.add('c', nextParseTime());
  t.equal(statements.takeExcess(), 'b');
  t.equal(statements.takeExcess(), undefined);
  t.ok(statements.has('a', 0));
  statements.add('a', nextParseTime());
  statements.add('d', nextParseTime());
  t.equal(statements.takeExcess(), 'c', 'parsing again is a use as well');
});

t.test('after DISCARD ALL there is none', async (t) => {
  const statements = new UpstreamStatements(2);
  statements.add('a', nextParseTime());
  statements.clear();
  t.notOk(statements.has('a', 0));
});
