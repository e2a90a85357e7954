import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { decodeBind, decodeBindNames, encodeBind, renameBind } from '../../../protocol/messages/bind.js';
import { ProtocolError } from '../../../protocol/protocol-error.js';
import { bytes } from '../support/bytes.js';
import { formats, formatsFor, name, record, text, values } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

const binds = values.chain((parameters) =>
  record({
    portal: text,
    statement: text,
    parameterFormats: formatsFor(parameters.length),
    parameters: fc.constant(parameters),
    resultFormats: formats,
  }),
);

messageClaims(t, {
  decode: decodeBind,
  encode: encodeBind,
  golden: [
    {
      what: 'all empty',
      bytes: bytes`42 0000000c 00 00 0000 0000 0000`,
      message: { portal: '', statement: '', parameterFormats: [], parameters: [], resultFormats: [] },
    },
    {
      what: 'one text, one NULL, binary results',
      bytes: bytes`42 0000001a 'p' 00 's' 00 0000 0002 00000002 '42' ffffffff 0001 0001`,
      message: {
        portal: 'p',
        statement: 's',
        parameterFormats: [],
        parameters: [Buffer.from('42'), null],
        resultFormats: [1],
      },
    },
    {
      what: 'a format for each, one value empty',
      bytes: bytes`42 0000001b 00 's1' 00 0002 0001 0000 0002 00000001 ff 00000000 0000`,
      message: {
        portal: '',
        statement: 's1',
        parameterFormats: [1, 0],
        parameters: [Buffer.of(255), Buffer.alloc(0)],
        resultFormats: [],
      },
    },
  ],
  generated: binds,
});

t.test("formats that fit no count of values are refused in PostgreSQL's words", async (t) => {
  t.throws(() => decodeBind(bytes`00 00 0002 0000 0000 0000 0000`), {
    message: 'bind message has 2 parameter formats but 0 parameters',
    sqlstate: '08P01',
    fatal: false,
  });
});

t.test('a value with a length below -1 is as wrong as one past the end', async (t) => {
  for (const body of [bytes`00 00 0000 0001 fffffffe 0000`, bytes`00 00 0000 0001 7fffffff 0000`]) {
    t.throws(() => decodeBind(body), { message: 'insufficient data left in message' });
  }
});

t.test('values are views of the body, not copies', async (t) => {
  const body = bytes`00 00 0000 0001 00000002 '42' 0000`;
  const value = decodeBind(body).parameters[0];
  body.write('43', 10);
  t.equal(value?.toString(), '43');
});

t.test('65,535 values fit, and one more does not wrap', async (t) => {
  const bind = (count: number) => ({
    portal: '',
    statement: '',
    parameterFormats: [],
    parameters: new Array<null>(count).fill(null),
    resultFormats: [],
  });
  const writer = new MessageWriter();
  encodeBind(writer, bind(65535));
  t.equal(decodeBind(writer.take().subarray(5)).parameters.length, 65535);
  t.throws(() => encodeBind(writer, bind(65536)), RangeError);
});

t.test('the names alone are those of the whole', async (t) => {
  t.strictSame(decodeBindNames(bytes`'p' 00 's' 00 ff`), { portal: 'p', statement: 's' });
  t.throws(() => decodeBindNames(bytes`'p' 00 's'`), ProtocolError);
});

t.test('a renamed Bind is the same Bind of the other statement, its values uncopied', async (t) => {
  const property = fc.property(binds, name, (bind, to) => {
    const writer = new MessageWriter();
    encodeBind(writer, bind);
    const body = writer.take().subarray(5);
    const { head, rest } = renameBind(body, to);
    encodeBind(writer, { ...bind, statement: to });
    assert.deepEqual(Buffer.concat([head, rest]), writer.take());
    assert.equal(rest.buffer, body.buffer);
  });
  t.doesNotThrow(() => fc.assert(property));
});
