/** One element of DER (X.690): enough of it to find a certificate's signature algorithm. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
}

const lengthBytesMax = 4;

/** The elements one behind the other in `bytes`; stops at what is none, so that garbage gives fewer, never an error. */
export function derElements(bytes: Buffer | undefined): DerElement[] {
  const elements: DerElement[] = [];
  let position = 0;
  while (bytes !== undefined && position + 2 <= bytes.length) {
    const tag = bytes.readUInt8(position);
    const first = bytes.readUInt8(position + 1);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = position + 2 + lengthBytes;
    if (first === 0x80 || lengthBytes > lengthBytesMax || start > bytes.length) break;
    const length = lengthBytes === 0 ? first & 0x7f : bytes.readUIntBE(position + 2, lengthBytes);
    if (start + length > bytes.length) break;
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    position = start + length;
  }
  return elements;
}

const oidTag = 0x06;

/** An OBJECT IDENTIFIER in dotted form; empty if it is none. */
export function derOid(element: DerElement | undefined): string {
  if (element?.tag !== oidTag) return '';
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of element.content) {
    arc = arc * 0x80 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) arcs.push(Math.min(Math.trunc(arc / 40), 2), arc - Math.min(Math.trunc(arc / 40), 2) * 40);
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}
