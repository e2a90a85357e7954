/** The number that ends a command tag, and counts rows; 0 where there is none. */
export function rowsOf(buffer: Buffer, end: number): number {
  let rows = 0;
  let scale = 1;
  for (let at = end - 2; at >= 0; at--) {
    const digit = (buffer[at] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    rows += digit * scale;
    scale *= 10;
  }
  return rows;
}

export function sqlstateOf(body: Buffer): string {
  for (let at = 0; at < body.length && body[at] !== 0; at = body.indexOf(0, at) + 1) {
    if (body[at] === 0x43) return body.toString('latin1', at + 1, at + 6);
  }
  return 'XX000';
}
