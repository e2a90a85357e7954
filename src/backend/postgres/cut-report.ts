/**
 * An error or notice of which only the beginning is kept, as a message of its own: whole fields, and as much of the last
 * one as is there, less what could be half a character.
 * @param head the first bytes of its frame, type and length included
 * @returns a whole frame; PG 55.8: fields of a type byte and a text, each closed by 0, and another 0
 */
export function cutReport(head: Buffer): Buffer {
  let end = head.length;
  while (end > 5 && (head[end - 1] as number) >= 0x80) end--;
  const closing = head[end - 1] === 0 ? [0] : [0, 0];
  const frame = Buffer.concat([head.subarray(0, end), Buffer.from(closing)]);
  frame.writeInt32BE(frame.length - 1, 1);
  return frame;
}
