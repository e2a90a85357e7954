/**
 * Bytes as one reads them in a dump: hexadecimal digits, and text in quotes.
 *
 *     bytes`51 0000000d 'select 1' 00`
 */
export function bytes(strings: TemplateStringsArray): Buffer {
  const parts: Buffer[] = [];
  for (const [, text, hex, other] of (strings.raw[0] ?? '').matchAll(/'([^']*)'|([0-9a-f]+)|(\S)/g)) {
    if (other !== undefined) throw new Error(`neither hexadecimal nor text: ${other}`);
    parts.push(text === undefined ? Buffer.from(hex ?? '', 'hex') : Buffer.from(text, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** A frame of any type and body, also of those that no encoder would make. */
export function frame(type: number | string, body: Buffer | string = ''): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  const head = Buffer.alloc(5);
  head[0] = typeof type === 'string' ? type.charCodeAt(0) : type;
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}
