import t from 'tap';
import {
  decodeFunctionCallResponse,
  encodeFunctionCallResponse,
} from '../../../protocol/messages/function-call-response.js';
import { bytes } from '../support/bytes.js';
import { value } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeFunctionCallResponse,
  encode: encodeFunctionCallResponse,
  golden: [
    { what: 'a value', bytes: bytes`56 0000000c 00000004 00000007`, message: { result: Buffer.of(0, 0, 0, 7) } },
    { what: 'nothing', bytes: bytes`56 00000008 00000000`, message: { result: Buffer.alloc(0) } },
    { what: 'NULL', bytes: bytes`56 00000008 ffffffff`, message: { result: null } },
  ],
  generated: value.map((result) => ({ result })),
});
