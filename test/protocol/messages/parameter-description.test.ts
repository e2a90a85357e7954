import t from 'tap';
import {
  decodeParameterDescription,
  encodeParameterDescription,
} from '../../../protocol/messages/parameter-description.js';
import { bytes } from '../support/bytes.js';
import { oids } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeParameterDescription,
  encode: encodeParameterDescription,
  golden: [
    { what: 'none', bytes: bytes`74 00000006 0000`, message: { typeOids: [] } },
    { what: 'int4 and text', bytes: bytes`74 0000000e 0002 00000017 00000019`, message: { typeOids: [23, 25] } },
  ],
  generated: oids.map((typeOids) => ({ typeOids })),
});
