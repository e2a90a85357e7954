import { temporarySchema } from '../sql/bind/names.js';
import { applySplices, type Splice } from '../sql/rewrite/splice.js';

const reason = 'a temporary relation is defined in its schema';

/** What a client wrote, where another text is judged in its place: the same with schemas before some names. */
export class ClientText {
  readonly judged: string;
  readonly #insertions: readonly Splice[];

  /** @param places where `pg_temp.` goes, in UTF-8 bytes and in order */
  constructor(
    readonly text: string,
    places: readonly number[] = [],
  ) {
    const name = `${temporarySchema}.`;
    this.#insertions = places.map((at) => {
      const meant = { kind: 'schema', of: 'relation', at, schema: temporarySchema } as const;
      return { start: at, end: at, text: name, reason, meant };
    });
    this.judged = places.length === 0 ? text : applySplices(text, this.#insertions);
  }

  /** What makes the text that is sent out of the client's. */
  splices(ofJudged: readonly Splice[]): readonly Splice[] {
    if (this.#insertions.length === 0) return ofJudged;
    const moved = ofJudged.map((splice) => ({
      ...splice,
      start: this.#byte(splice.start),
      end: this.#byte(splice.end),
    }));
    return [...this.#insertions, ...moved];
  }

  /** A byte offset of what is judged, as PostgreSQL counts places: in characters of the client's text, from 1. */
  position(byte: number): number {
    const before = Buffer.from(this.text, 'utf8').subarray(0, this.#byte(byte));
    return [...before.toString('utf8')].length + 1;
  }

  #byte(judged: number): number {
    let added = 0;
    for (const { start, text } of this.#insertions) {
      added += Math.min(Math.max(judged - start - added, 0), text.length);
    }
    return judged - added;
  }
}
