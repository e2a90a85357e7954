import fc from 'fast-check';
import t from 'tap';
import { decodeFunctionCall, encodeFunctionCall } from '../../../protocol/messages/function-call.js';
import { bytes } from '../support/bytes.js';
import { formatsFor, int16, oid, record, values } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeFunctionCall,
  encode: encodeFunctionCall,
  golden: [
    {
      what: 'no arguments',
      bytes: bytes`46 0000000e 00000384 0000 0000 0000`,
      message: { functionOid: 900, argumentFormats: [], arguments: [], resultFormat: 0 },
    },
    {
      what: 'lo_open, binary',
      bytes: bytes`46 0000001c 000003b8 0001 0001 0002 00000004 00004001 ffffffff 0001`,
      message: {
        functionOid: 952,
        argumentFormats: [1],
        arguments: [Buffer.of(0, 0, 0x40, 1), null],
        resultFormat: 1,
      },
    },
  ],
  generated: values.chain((list) =>
    record({
      functionOid: oid,
      argumentFormats: formatsFor(list.length),
      arguments: fc.constant(list),
      resultFormat: int16,
    }),
  ),
});

t.test("what is wrong with the arguments is said in PostgreSQL's words", async (t) => {
  t.throws(() => decodeFunctionCall(bytes`000003b8 0002 0000 0000 0001 ffffffff 0000`), {
    message: 'function call message contains 2 argument formats but 1 arguments',
    fatal: false,
  });
  t.throws(() => decodeFunctionCall(bytes`000003b8 0000 0001 fffffffe 0000`), {
    message: 'invalid argument size -2 in function call message',
  });
});
