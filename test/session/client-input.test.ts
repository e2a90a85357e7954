import t from 'tap';
import { framing } from '../../protocol/frame-reader.js';
import { ClientInput } from '../../src/session/client-input.js';
import { query } from '../support/raw-messages.js';

/** The texts of what comes next, until nothing does. */
function texts(input: ClientInput): string[] {
  const found: string[] = [];
  while (input.next() !== framing.none) {
    const { buffer, start, end } = input.reader;
    found.push(buffer.toString('latin1', start + 5, end - 1));
    input.taken();
  }
  return found;
}

t.test('a message stays in hand until it is taken', async (t) => {
  const input = new ClientInput();
  input.push(Buffer.concat([query('a'), query('b')]));
  t.equal(input.next(), framing.frame);
  t.equal(input.next(), framing.frame);
  t.same(texts(input), ['a', 'b']);
});

t.test('what is put back comes before the message in hand, and what came since', async (t) => {
  const input = new ClientInput();
  input.push(Buffer.concat([query('c'), query('d').subarray(0, 3)]));
  input.next();
  input.putBack([query('a'), query('b')]);
  t.ok(input.isAgain);
  input.push(Buffer.concat([query('d').subarray(3), query('e')]));
  t.same(texts(input), ['a', 'b', 'c', 'd', 'e']);
  t.notOk(input.isAgain);
  t.ok(input.isAtBoundary);
});

t.test('what is put back while something put back is in hand comes before that', async (t) => {
  const input = new ClientInput();
  input.push(query('d'));
  input.putBack([query('b'), query('c')]);
  input.next();
  input.putBack([query('a')]);
  t.same(texts(input), ['a', 'b', 'c', 'd']);
});
