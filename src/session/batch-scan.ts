import { frontend } from '../../protocol/message-types.js';

/**
 * Where the parts of a batch lie that runs one prepared statement once: Bind to the unnamed portal, then Describe,
 * Execute of all rows, and Close of that portal, then Sync. Filled by `scanBatch`; places are offsets in the buffer.
 */
export const scanned = { nameStart: 0, nameEnd: 0, bindEnd: 0, end: 0 };

/** Reads the messages in `buffer[start, limit)`. False: it is another kind of batch, or not all of it is there. */
export function scanBatch(buffer: Buffer, start: number, limit: number): boolean {
  const bindEnd = frameEnd(buffer, start, limit);
  if (bindEnd < 0 || buffer[start] !== frontend.Bind || buffer[start + 5] !== 0) return false;
  const nameEnd = buffer.indexOf(0, start + 6);
  if (nameEnd < 0 || nameEnd >= bindEnd) return false;
  scanned.nameStart = start + 6;
  scanned.nameEnd = nameEnd;
  scanned.bindEnd = bindEnd;
  scanned.end = endOfRun(buffer, bindEnd, limit);
  return scanned.end > 0;
}

/** Behind the Sync of a batch whose Bind ends at `at`; -1 where there is anything but what `scanned` says. */
function endOfRun(buffer: Buffer, at: number, limit: number): number {
  let isExecuted = false;
  for (let start = at; ; ) {
    const end = frameEnd(buffer, start, limit);
    if (end < 0) return -1;
    switch (buffer[start]) {
      case frontend.Describe:
        if (isExecuted || !isOfPortal(buffer, start, end)) return -1;
        break;
      case frontend.Execute:
        if (isExecuted || !isOfAllRows(buffer, start, end)) return -1;
        isExecuted = true;
        break;
      case frontend.Close:
        if (!isExecuted || !isOfPortal(buffer, start, end)) return -1;
        break;
      case frontend.Sync:
        return isExecuted && end - start === 5 ? end : -1;
      default:
        return -1;
    }
    start = end;
  }
}

/** The end of the frame that begins at `start`; -1 where it doesn't end before `limit`. */
export function frameEnd(buffer: Buffer, start: number, limit: number): number {
  if (limit - start < 5) return -1;
  const bytes = buffer.readInt32BE(start + 1);
  return bytes >= 4 && bytes <= limit - start - 1 ? start + 1 + bytes : -1;
}

/** A Describe or Close of the unnamed portal. */
function isOfPortal(buffer: Buffer, start: number, end: number): boolean {
  return end - start === 7 && buffer[start + 5] === 0x50 && buffer[start + 6] === 0;
}

/** An Execute of the unnamed portal without a limit of rows. */
function isOfAllRows(buffer: Buffer, start: number, end: number): boolean {
  return end - start === 10 && buffer[start + 5] === 0 && buffer.readInt32BE(start + 6) === 0;
}
