import type { LimitsConfig } from '../../config/config.js';
import type { PolicyLimits } from '../../policy/file/policy-file.js';
import { smaller } from '../../policy/rights.js';

/** How much one statement may give; 0: no limit. */
export interface ResultLimit {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/** What holds for a statement by its database and its policy; null: nothing does. */
export function resultLimit(database: LimitsConfig, policy: PolicyLimits): ResultLimit | null {
  const rowsMax = smaller(database.rowsMax, policy.rowsMax);
  const bytesMax = database.resultBytesMax;
  return rowsMax === 0 && bytesMax === 0 ? null : { rowsMax, bytesMax };
}

/** Follows the rows of one statement as they pass, and finds where there are too many. */
export class ResultMeter {
  /** No more may pass. */
  isOver = false;
  readonly #limit: ResultLimit;
  #rows = 0;
  #bytes = 0;
  /** Bytes of the frame under way that are still to come. */
  #missing = 0;

  constructor(limit: ResultLimit) {
    this.#limit = limit;
  }

  /**
   * Where in `buffer[start, end)` the limit is passed; `end`: nowhere. It holds DataRow and CopyData frames and parts of
   * them, none of which begins or ends within a header (see FrameReader).
   */
  pass(buffer: Buffer, start: number, end: number): number {
    let at = start + Math.min(this.#missing, end - start);
    this.#missing -= at - start;
    while (at < end) {
      const frameBytes = 1 + buffer.readInt32BE(at + 1);
      if (!this.#isWithin(frameBytes)) return at;
      const taken = Math.min(frameBytes, end - at);
      this.#missing = frameBytes - taken;
      at += taken;
    }
    return end;
  }

  /** For the next statement of the text. */
  anew(): ResultMeter {
    return new ResultMeter(this.#limit);
  }

  /** What the client is told. */
  get message(): string {
    const { rowsMax, bytesMax } = this.#limit;
    const isRows = rowsMax > 0 && this.#rows > rowsMax;
    return isRows
      ? `the statement gives more than ${rowsMax} rows, which is the limit`
      : `the statement gives more than ${bytesMax} bytes, which is the limit`;
  }

  #isWithin(frameBytes: number): boolean {
    const { rowsMax, bytesMax } = this.#limit;
    this.#rows += 1;
    this.#bytes += frameBytes;
    this.isOver = (rowsMax > 0 && this.#rows > rowsMax) || (bytesMax > 0 && this.#bytes > bytesMax);
    return !this.isOver;
  }
}
