import fc from 'fast-check';
import { decodeText } from '../../../protocol/text.js';

// Every code point but the surrogates. fast-check's own 'binary' takes a second to list them for each process.
const codePoint = fc.oneof(fc.integer({ min: 1, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }));

/** Strings as they can be on the wire: no zero byte, any script, and bytes that aren't UTF-8 as text.ts escapes them. */
export const text: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.array(codePoint, { maxLength: 200 }).map((points) => String.fromCodePoint(...points)) },
    { weight: 1, arbitrary: fc.uint8Array({ min: 1, maxLength: 20 }).map(latin) },
  )
  .filter((value) => !value.includes('\0'));

export const name: fc.Arbitrary<string> = text.filter((value) => value !== '');

export const bytesUpTo = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

export const value: fc.Arbitrary<Buffer | null> = fc.option(bytesUpTo(60), { nil: null });
export const values: fc.Arbitrary<(Buffer | null)[]> = fc.array(value, { maxLength: 12 });

export const int16 = fc.integer({ min: -0x8000, max: 0x7fff });
export const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
export const oid = fc.integer({ min: 0, max: 0xffffffff });
export const oids = fc.array(oid, { maxLength: 20 });
export const formats = fc.array(int16, { maxLength: 20 });

/** Formats as they go with `count` values: none, one for all, or one for each. */
export const formatsFor = (count: number): fc.Arbitrary<number[]> =>
  fc.oneof(
    fc.constant<number[]>([]),
    fc.array(int16, { minLength: 1, maxLength: 1 }),
    fc.array(int16, { minLength: count, maxLength: count }),
  );

/** Any int32: an identifier of the server's choosing. */
export const processId = fc.integer({ min: -0x80000000, max: 0x7fffffff });
export const secretKey = fc
  .uint8Array({ minLength: 4, maxLength: 256, size: 'max' })
  .map((array) => Buffer.from(array));

function latin(array: Uint8Array): string {
  return decodeText(Buffer.from(array), 0, array.length);
}

/** Objects as the decoders make them, with a prototype. */
export function record<Model>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }): fc.Arbitrary<Model> {
  return fc.record<Model>(model, { noNullPrototype: true });
}
