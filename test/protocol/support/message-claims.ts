import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Test } from 'tap';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { ProtocolError } from '../../../protocol/protocol-error.js';

interface Claims<Message> {
  readonly decode: (body: Buffer) => Message;
  readonly encode: (writer: MessageWriter, message: Message) => void;
  /** Whole frames as PG 55.7 describes them, and what they mean. */
  readonly golden: readonly { readonly what: string; readonly bytes: Buffer; readonly message: Message }[];
  readonly generated: fc.Arbitrary<Message>;
  /** Any bytes make a body, so that cutting it or adding to it gives another good one. */
  readonly isOpaque?: boolean;
  /** A body cut to this many bytes or more is still a good one. */
  readonly shortestBodyBytes?: number;
  /** What stands behind the fields isn't looked at. */
  readonly isOpenEnded?: boolean;
  /** Bytes of type and length: 5, or 4 in a start-up packet. */
  readonly headBytes?: 4 | 5;
}

/** What holds for every message: golden bytes both ways, every cut, a byte too many, generated messages both ways. */
export function messageClaims<Message>(t: Test, claims: Claims<Message>): void {
  const headBytes = claims.headBytes ?? 5;
  const encoded = (message: Message): Buffer => {
    const writer = new MessageWriter(16);
    claims.encode(writer, message);
    return writer.take();
  };

  for (const { what, bytes, message } of claims.golden) {
    t.test(`golden: ${what}`, async (t) => {
      t.equal(encoded(message).toString('hex'), bytes.toString('hex'), 'encodes to these bytes');
      t.strictSame(claims.decode(bytes.subarray(headBytes)), message, 'and they decode to it');
      t.equal(bytes.readUInt32BE(headBytes - 4), bytes.length - headBytes + 4, 'whose length is the true one');
    });
  }

  t.test('a body cut anywhere is a protocol error', async (t) => {
    for (const { bytes } of claims.golden) {
      const ends = Math.min(bytes.length, headBytes + (claims.shortestBodyBytes ?? Number.POSITIVE_INFINITY));
      for (let end = headBytes; end < ends; end++) {
        const cut = bytes.subarray(headBytes, end);
        if (claims.isOpaque) claims.decode(cut);
        else t.throws(() => claims.decode(cut), ProtocolError, `at ${end - headBytes} of ${bytes.length - headBytes}`);
      }
    }
  });

  t.test('a byte too many is a protocol error', async (t) => {
    if (claims.isOpaque || claims.isOpenEnded) return t.pass('not of this message');
    for (const { bytes, what } of claims.golden) {
      const longer = Buffer.concat([bytes.subarray(headBytes), Buffer.of(7)]);
      t.throws(() => claims.decode(longer), ProtocolError, what);
    }
  });

  t.test('any message comes back as it was', async (t) => {
    const property = fc.property(claims.generated, (message) => {
      const bytes = encoded(message);
      assert.equal(bytes.readUInt32BE(headBytes - 4), bytes.length - headBytes + 4);
      assert.deepStrictEqual(claims.decode(bytes.subarray(headBytes)), message);
    });
    t.doesNotThrow(() => fc.assert(property));
  });

  t.test('any bytes decode or are a protocol error', async (t) => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      try {
        claims.decode(Buffer.from(body));
      } catch (error) {
        assert(error instanceof ProtocolError, String(error));
      }
    });
    t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
  });
}
