import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { MessageWriter } from '../../protocol/message-writer.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import {
  decodeStartupPacket,
  encodeCancelRequest,
  encodeGSSENCRequest,
  encodeSSLRequest,
  encodeStartupMessage,
  type StartupPacket,
} from '../../protocol/startup-packet.js';
import { bytes } from './support/bytes.js';
import { name, processId, secretKey, text } from './support/generated.js';
import { messageClaims } from './support/message-claims.js';

function encode(writer: MessageWriter, packet: StartupPacket): void {
  switch (packet.kind) {
    case 'startup':
      encodeStartupMessage(writer, packet);
      break;
    case 'ssl':
      encodeSSLRequest(writer);
      break;
    case 'gssenc':
      encodeGSSENCRequest(writer);
      break;
    case 'cancel':
      encodeCancelRequest(writer, packet);
      break;
  }
}

t.test('a StartupMessage is read and written as documented, and refused when cut', async (t) => {
  messageClaims<StartupPacket>(t, {
    decode: decodeStartupPacket,
    encode,
    golden: [
      {
        what: '3.0 with a user and a database',
        bytes: bytes`00000020 00030000 'user' 00 'bob' 00 'database' 00 'shop' 00 00`,
        message: {
          kind: 'startup',
          major: 3,
          minor: 0,
          parameters: new Map([
            ['user', 'bob'],
            ['database', 'shop'],
          ]),
        },
      },
      {
        what: '3.2 with options and an empty value',
        bytes: bytes`00000022 00030002 'options' 00 '-c a.b=c' 00 '_pq_.x' 00 00 00`,
        message: {
          kind: 'startup',
          major: 3,
          minor: 2,
          parameters: new Map([
            ['options', '-c a.b=c'],
            ['_pq_.x', ''],
          ]),
        },
      },
      {
        what: 'no parameters',
        bytes: bytes`00000009 00030000 00`,
        message: { kind: 'startup', major: 3, minor: 0, parameters: new Map() },
      },
    ],
    generated: fc
      .tuple(fc.integer({ min: 0, max: 0xffff }), fc.array(fc.tuple(name, text), { maxLength: 8 }))
      .map(([minor, list]) => ({ kind: 'startup', major: 3, minor, parameters: new Map(list) })),
    headBytes: 4,
  });
});

t.test('SSLRequest and GSSENCRequest are read and written as documented, and refused when cut', async (t) => {
  messageClaims<StartupPacket>(t, {
    decode: decodeStartupPacket,
    encode,
    golden: [
      { what: 'SSLRequest', bytes: bytes`00000008 04d2162f`, message: { kind: 'ssl' } },
      { what: 'GSSENCRequest', bytes: bytes`00000008 04d21630`, message: { kind: 'gssenc' } },
    ],
    generated: fc.constantFrom({ kind: 'ssl' }, { kind: 'gssenc' }),
    isOpenEnded: true,
    headBytes: 4,
  });
});

t.test('a CancelRequest is read and written as documented, and refused when cut', async (t) => {
  messageClaims<StartupPacket>(t, {
    decode: decodeStartupPacket,
    encode,
    golden: [
      {
        what: 'a key of 4 bytes',
        bytes: bytes`00000010 04d2162e 000004d2 deadbeef`,
        message: { kind: 'cancel', processId: 1234, secretKey: bytes`deadbeef` },
      },
      {
        what: 'a key of 6 bytes',
        bytes: bytes`00000012 04d2162e ffffffff deadbeef0102`,
        message: { kind: 'cancel', processId: -1, secretKey: bytes`deadbeef0102` },
      },
    ],
    generated: fc.tuple(processId, secretKey).map(([id, key]) => ({ kind: 'cancel', processId: id, secretKey: key })),
    shortestBodyBytes: 12,
    isOpenEnded: true,
    headBytes: 4,
  });

  t.test('keys have 4 to 256 bytes, and PostgreSQL closes without a word for others', async (t) => {
    const body = (keyBytes: number) => Buffer.concat([bytes`04d2162e 00000001`, Buffer.alloc(keyBytes, 7)]);
    t.match(decodeStartupPacket(body(256)), { kind: 'cancel', secretKey: Buffer.alloc(256, 7) });
    for (const keyBytes of [0, 3, 257]) {
      t.throws(() => decodeStartupPacket(body(keyBytes)), {
        message: 'invalid length of cancel request packet',
        fatal: true,
        isSilent: true,
      });
    }
    const writer = new MessageWriter();
    t.throws(() => encodeCancelRequest(writer, { processId: 1, secretKey: Buffer.alloc(3) }), RangeError);
  });
});

t.test('of a doubled parameter the last value counts, as in PostgreSQL', async (t) => {
  const packet = decodeStartupPacket(bytes`00030000 'user' 00 'a' 00 'user' 00 'b' 00 00`);
  t.match(packet, { parameters: new Map([['user', 'b']]) });
});

t.test('a parameter named like a property of every object is a parameter', async (t) => {
  const packet = decodeStartupPacket(bytes`00030000 '__proto__' 00 'a' 00 00`);
  assert(packet.kind === 'startup');
  t.equal(packet.parameters.get('__proto__'), 'a');
});

t.test("a layout that is wrong is fatal, in PostgreSQL's words", async (t) => {
  const wrong = {
    'no list': bytes`00030000`,
    'a value without its end': bytes`00030000 'user' 00 'bob'`,
    'no terminator': bytes`00030000 'user' 00 'bob' 00`,
    'a name without a value': bytes`00030000 'user' 00 'bob' 00 'x' 00`,
    'something behind the terminator': bytes`00030000 'user' 00 'bob' 00 00 'x' 00`,
    'a nameless value': bytes`00030000 00 'bob' 00 00`,
  };
  for (const [what, body] of Object.entries(wrong)) {
    t.throws(
      () => decodeStartupPacket(body),
      { message: 'invalid startup packet layout: expected terminator as last byte', fatal: true, isSilent: false },
      what,
    );
  }
});

t.test('another major version is refused by its number, whatever follows', async (t) => {
  for (const [body, version] of [
    [bytes`00020000`, '2.0'],
    [bytes`00040001 ff`, '4.1'],
    [bytes`'GET '`, '18245.21536'],
    [bytes`16030100`, '5635.256'],
  ] as const) {
    t.throws(() => decodeStartupPacket(body), {
      message: `unsupported frontend protocol ${version}: server supports 3.0 to 3.2`,
      sqlstate: '0A000',
      fatal: true,
    });
  }
});

t.test('a newer minor version is for NegotiateProtocolVersion to settle', async (t) => {
  t.match(decodeStartupPacket(bytes`0003270f 00`), { kind: 'startup', major: 3, minor: 9999 });
});

t.test('too short for a version is a silent close', async (t) => {
  t.throws(() => decodeStartupPacket(bytes`000300`), {
    message: 'invalid length of startup packet',
    fatal: true,
    isSilent: true,
  });
});

t.test('a nameless parameter is not sent: it would end the list', async (t) => {
  const writer = new MessageWriter();
  t.throws(() => encodeStartupMessage(writer, { minor: 0, parameters: [['', 'x']] }), RangeError);
});

t.test('every error is a ProtocolError', async (t) => {
  const codes = fc.constantFrom(0x04d2162e, 0x04d2162f, 0x04d21630, 0x00030000, 0x00030002);
  const property = fc.property(codes, fc.uint8Array({ maxLength: 300 }), (code, rest) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(code);
    try {
      decodeStartupPacket(Buffer.concat([head, rest]));
    } catch (error) {
      assert(error instanceof ProtocolError, String(error));
    }
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }));
});
