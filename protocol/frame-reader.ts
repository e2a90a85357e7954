import { ProtocolError } from './protocol-error.js';

/**
 * What `FrameReader.next()` found:
 * - `none`  nothing more until the next `push`
 * - `run`   bytes of frames that pass unseen: any number of whole ones, and parts of one
 * - `frame` one whole frame
 * - `head`  the first bytes of a frame that is larger than what may be held
 * - `piece` more bytes of the frame whose `head` came before
 */
export const framing = { none: 0, run: 1, frame: 2, head: 3, piece: 4 } as const;
export type Framing = (typeof framing)[keyof typeof framing];

/** Per type byte: what a reader does with a frame of that type. Built with `framingRules`. */
export interface FramingRules {
  /** Bytes of a body that are held before it is handed on; `passes` and `isRefused` below. */
  readonly hold: Int32Array;
  /** Largest body accepted, in bytes, without the four length bytes. */
  readonly maxBody: Float64Array;
}

export const passes = 0;
const isRefused = -1;

/** `{ type: { hold, maxBody } }` as two tables indexed by the type byte; types left out are refused. */
export function framingRules(types: Iterable<readonly [number, { hold: number; maxBody: number }]>): FramingRules {
  const hold = new Int32Array(256).fill(isRefused);
  const maxBody = new Float64Array(256);
  for (const [type, rule] of types) {
    hold[type] = rule.hold;
    maxBody[type] = rule.maxBody;
  }
  return { hold, maxBody };
}

const headerBytes = 5;
const nothing = Buffer.alloc(0);

/**
 * Finds frames (one type byte, four length bytes, body) in received chunks, in place. A frame that lies in one chunk
 * is handed on as a place in that chunk; one that is cut is gathered, each byte copied once. What is gathered never
 * exceeds the type's `hold`. After `next()` the found bytes are `buffer[start, end)`, type and length included.
 *
 * `next()` throws a fatal ProtocolError 08P01 for a type or a length that the rules refuse, before any of its body is
 * kept; the reader is of no use afterwards.
 */
export class FrameReader {
  type = 0;
  buffer: Buffer = nothing;
  start = 0;
  end = 0;
  /** Length of the found frame's body by its header, for `frame` and `head`. */
  bodyBytes = 0;

  #rules: FramingRules;
  #chunk: Buffer = nothing;
  #at = 0;
  readonly #later: Buffer[] = [];
  /** Bytes of the frame under way that are still to pass as `run`, or as `piece`. */
  #running = 0;
  #trailing = 0;
  #gathered: Buffer = nothing;
  #gatheredBytes = 0;

  constructor(rules: FramingRules) {
    this.#rules = rules;
  }

  /** From the next frame on, other rules hold. */
  useRules(rules: FramingRules): void {
    this.#rules = rules;
  }

  /** True between two frames: nothing of an unfinished one was taken. */
  get isAtBoundary(): boolean {
    return this.#running === 0 && this.#trailing === 0 && this.#gatheredBytes === 0;
  }

  /** Bytes received and not yet handed on. */
  get pendingBytes(): number {
    let bytes = this.#chunk.length - this.#at + this.#gatheredBytes;
    for (const chunk of this.#later) bytes += chunk.length;
    return bytes;
  }

  /** Where the bytes end that came right behind the found frame, in the same buffer; `end` where there are none. */
  get seenEnd(): number {
    return this.buffer === this.#chunk && this.#at === this.end ? this.#chunk.length : this.end;
  }

  /** Takes the bytes up to `end`, within `seenEnd`, to the found ones: whole frames that the caller has looked at. */
  extend(end: number): void {
    this.end = end;
    this.#at = end;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#at === this.#chunk.length) {
      this.#chunk = chunk;
      this.#at = 0;
    } else {
      this.#later.push(chunk);
    }
  }

  next(): Framing {
    for (;;) {
      if (this.#at === this.#chunk.length && !this.#nextChunk()) return framing.none;
      if (this.#trailing > 0) return this.#takePiece();
      const found = this.#gatheredBytes > 0 ? this.#gather() : this.#scan();
      if (found !== framing.none) return found;
    }
  }

  #nextChunk(): boolean {
    const chunk = this.#later.shift();
    // An idle connection must not keep the last 64 kB that it received.
    this.#chunk = chunk ?? nothing;
    this.#at = 0;
    if (chunk === undefined) this.#found(framing.none, nothing, 0, 0);
    return chunk !== undefined;
  }

  #found(kind: Framing, buffer: Buffer, start: number, end: number): Framing {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
    return kind;
  }

  #takePiece(): Framing {
    const start = this.#at;
    this.#at = Math.min(this.#chunk.length, start + this.#trailing);
    this.#trailing -= this.#at - start;
    return this.#found(framing.piece, this.#chunk, start, this.#at);
  }

  /** Walks the frames of the chunk: over passing ones as far as they go, or to one held frame. */
  #scan(): Framing {
    const chunk = this.#chunk;
    const limit = chunk.length;
    const start = this.#at;
    let at = start + Math.min(this.#running, limit - start);
    this.#running -= at - start;
    while (limit - at >= headerBytes) {
      const type = chunk[at] as number;
      const hold = this.#rules.hold[type] as number;
      // What came before is handed on first, also when this frame turns out to be a violation.
      if (at > start && (hold !== passes || !this.#isSound(type, chunk, at))) break;
      const body = this.#checkedBody(type, chunk, at);
      const bytes = headerBytes + body;
      if (hold !== passes) return this.#takeHeld(type, body, at, Math.min(bytes, headerBytes + hold));
      const taken = Math.min(bytes, limit - at);
      this.#running = bytes - taken;
      at += taken;
    }
    this.#at = at;
    if (at > start) return this.#found(framing.run, chunk, start, at);
    this.#keep(limit);
    return framing.none;
  }

  #takeHeld(type: number, body: number, at: number, wantedBytes: number): Framing {
    if (this.#chunk.length - at < wantedBytes) {
      this.#keep(this.#chunk.length);
      return framing.none;
    }
    this.type = type;
    this.bodyBytes = body;
    this.#at = at + wantedBytes;
    this.#trailing = headerBytes + body - wantedBytes;
    return this.#found(this.#trailing > 0 ? framing.head : framing.frame, this.#chunk, at, this.#at);
  }

  /** Adds to a frame that began in an earlier chunk what this chunk has of it. */
  #gather(): Framing {
    if (this.#gatheredBytes < headerBytes) {
      this.#keep(Math.min(this.#chunk.length, this.#at + headerBytes - this.#gatheredBytes));
      if (this.#gatheredBytes < headerBytes) return framing.none;
    }
    const gathered = this.#gathered;
    const type = gathered[0] as number;
    const body = this.#checkedBody(type, gathered, 0);
    const hold = this.#rules.hold[type] as number;
    // Not less than what is there: other rules may have come in the middle of the frame.
    const wantedBytes = Math.max(this.#gatheredBytes, headerBytes + (hold === passes ? 0 : Math.min(body, hold)));
    this.#keep(Math.min(this.#chunk.length, this.#at + wantedBytes - this.#gatheredBytes));
    if (this.#gatheredBytes < wantedBytes) return framing.none;

    const whole = this.#gathered;
    this.#gathered = nothing;
    this.#gatheredBytes = 0;
    this.type = type;
    this.bodyBytes = body;
    if (hold === passes) {
      this.#running = headerBytes + body - wantedBytes;
      return this.#found(framing.run, whole, 0, wantedBytes);
    }
    this.#trailing = headerBytes + body - wantedBytes;
    return this.#found(this.#trailing > 0 ? framing.head : framing.frame, whole, 0, wantedBytes);
  }

  /** Copies the chunk up to `end` behind what is gathered; the store doubles, so small pieces cost linear time. */
  #keep(end: number): void {
    const bytes = end - this.#at;
    const needed = this.#gatheredBytes + bytes;
    if (needed > this.#gathered.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#gathered.length * 2, 64));
      this.#gathered.copy(larger, 0, 0, this.#gatheredBytes);
      this.#gathered = larger;
    }
    this.#chunk.copy(this.#gathered, this.#gatheredBytes, this.#at, end);
    this.#gatheredBytes = needed;
    this.#at = end;
  }

  #isSound(type: number, buffer: Buffer, at: number): boolean {
    const body = bodyBytesAt(buffer, at);
    return this.#rules.hold[type] !== isRefused && body >= 0 && body <= (this.#rules.maxBody[type] as number);
  }

  #checkedBody(type: number, buffer: Buffer, at: number): number {
    if (this.#isSound(type, buffer, at)) return bodyBytesAt(buffer, at);
    this.type = type;
    if (this.#rules.hold[type] === isRefused) {
      throw new ProtocolError('08P01', `invalid frontend message type ${type}`, { fatal: true });
    }
    throw new ProtocolError('08P01', 'invalid message length', { fatal: true, isSilent: true });
  }
}

/** Read as unsigned, so that a length that wraps is over every bound. */
function bodyBytesAt(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at + 1) - 4;
}
