import fc from 'fast-check';
import t from 'tap';
import { derElements, derOid } from '../../src/tls/der.js';

const element = (tag: number, content: number[]) => ({ tag, content: Buffer.from(content) });

t.test('elements are read one behind the other', async (t) => {
  t.same(derElements(Buffer.from([0x02, 1, 7, 0x30, 0, 0x04, 2, 8, 9])), [
    element(2, [7]),
    element(0x30, []),
    element(4, [8, 9]),
  ]);
});

t.test('a long length is read', async (t) => {
  const content = Buffer.alloc(300, 1);
  t.same(derElements(Buffer.concat([Buffer.from([4, 0x82, 1, 44]), content])), [{ tag: 4, content }]);
});

t.test('what ends too early, or says a length that is not there, ends the list', async (t) => {
  t.same(derElements(Buffer.from([0x02, 1, 7, 0x02, 5, 1])), [element(2, [7])]);
  t.same(derElements(Buffer.from([0x02])), []);
  t.same(derElements(Buffer.from([0x02, 0x84, 0xff, 0xff, 0xff, 0xff])), []);
  t.same(derElements(Buffer.from([0x02, 0x85, 1, 1, 1, 1, 1])), []);
  t.same(derElements(Buffer.from([0x30, 0x80, 0, 0])), [], 'an indefinite length is not DER');
  t.same(derElements(undefined), []);
});

t.test('no bytes make it throw', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const one of derElements(Buffer.from(bytes))) derOid(one);
    }),
  );
});

t.test('an object identifier is read in its dotted form', async (t) => {
  t.equal(derOid(element(6, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b])), '1.2.840.113549.1.1.11');
  t.equal(derOid(element(6, [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01])), '2.16.840.1.101.3.4.2.1');
  t.equal(derOid(element(6, [0x88, 0x37])), '2.999', 'a first arc of 2 may have a large second one');
  t.equal(derOid(element(4, [0x2a])), '');
  t.equal(derOid(undefined), '');
});
