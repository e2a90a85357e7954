import fc from 'fast-check';
import t from 'tap';
import { MessageWriter } from '../../../protocol/message-writer.js';
import {
  type Authentication,
  decodeAuthentication,
  encodeAuthenticationCleartextPassword,
  encodeAuthenticationMD5Password,
  encodeAuthenticationOk,
  encodeAuthenticationSASL,
  encodeAuthenticationSASLContinue,
  encodeAuthenticationSASLFinal,
} from '../../../protocol/messages/authentication.js';
import { bytes } from '../support/bytes.js';
import { bytesUpTo, name } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

function encode(writer: MessageWriter, message: Authentication): void {
  switch (message.kind) {
    case 'ok':
      encodeAuthenticationOk(writer);
      break;
    case 'cleartextPassword':
      encodeAuthenticationCleartextPassword(writer);
      break;
    case 'md5Password':
      encodeAuthenticationMD5Password(writer, message.salt);
      break;
    case 'sasl':
      encodeAuthenticationSASL(writer, message.mechanisms);
      break;
    case 'saslContinue':
      encodeAuthenticationSASLContinue(writer, message.data);
      break;
    case 'saslFinal':
      encodeAuthenticationSASLFinal(writer, message.data);
      break;
    case 'unsupported':
      throw new Error('we never ask for what we refuse');
  }
}

t.test('requests of a fixed form are read and written as documented, and refused when cut', async (t) => {
  messageClaims<Authentication>(t, {
    decode: decodeAuthentication,
    encode,
    golden: [
      { what: 'Ok', bytes: bytes`52 00000008 00000000`, message: { kind: 'ok' } },
      { what: 'CleartextPassword', bytes: bytes`52 00000008 00000003`, message: { kind: 'cleartextPassword' } },
      {
        what: 'MD5Password',
        bytes: bytes`52 0000000c 00000005 01020304`,
        message: { kind: 'md5Password', salt: bytes`01020304` },
      },
      {
        what: 'SASL',
        bytes: bytes`52 0000002a 0000000a 'SCRAM-SHA-256-PLUS' 00 'SCRAM-SHA-256' 00 00`,
        message: { kind: 'sasl', mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] },
      },
    ],
    generated: fc.oneof(
      fc.constant<Authentication>({ kind: 'ok' }),
      fc.constant<Authentication>({ kind: 'cleartextPassword' }),
      fc
        .uint8Array({ minLength: 4, maxLength: 4 })
        .map((salt): Authentication => ({ kind: 'md5Password', salt: Buffer.from(salt) })),
      fc.array(name, { maxLength: 4 }).map((mechanisms): Authentication => ({ kind: 'sasl', mechanisms })),
    ),
  });
});

t.test('SASL messages, whose data may be anything', async (t) => {
  messageClaims<Authentication>(t, {
    decode: decodeAuthentication,
    encode,
    golden: [
      {
        what: 'SASLContinue',
        bytes: bytes`52 0000000c 0000000b 'r=ab'`,
        message: { kind: 'saslContinue', data: Buffer.from('r=ab') },
      },
      {
        what: 'SASLFinal',
        bytes: bytes`52 0000000c 0000000c 'v=ab'`,
        message: { kind: 'saslFinal', data: Buffer.from('v=ab') },
      },
    ],
    generated: bytesUpTo(300).chain((data) =>
      fc.constantFrom<Authentication>({ kind: 'saslContinue', data }, { kind: 'saslFinal', data }),
    ),
    shortestBodyBytes: 4,
    isOpenEnded: true,
  });
});

t.test('methods that are not spoken are known by name, so that refusing them can say it', async (t) => {
  const methods = { 2: 'KerberosV5', 6: 'SCM', 7: 'GSS', 8: 'GSS', 9: 'SSPI' } as const;
  for (const [code, method] of Object.entries(methods)) {
    t.strictSame(decodeAuthentication(Buffer.of(0, 0, 0, Number(code))), { kind: 'unsupported', method });
  }
  t.strictSame(decodeAuthentication(bytes`00000008 'token'`), { kind: 'unsupported', method: 'GSS' });
});

t.test('a method that nobody knows is fatal', async (t) => {
  t.throws(() => decodeAuthentication(bytes`0000002a`), {
    message: 'authentication method 42 not supported',
    fatal: true,
  });
});

t.test('a salt of another length than 4 and a nameless mechanism are not sent', async (t) => {
  const writer = new MessageWriter();
  t.throws(() => encodeAuthenticationMD5Password(writer, Buffer.alloc(5)), RangeError);
  t.throws(() => encodeAuthenticationSASL(new MessageWriter(), ['']), RangeError);
});
