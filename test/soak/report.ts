import pg from 'pg';
import { Vanished } from '../support/line.js';
import { RawError } from '../support/raw-login.js';

/** What a client may be told while backends are killed and the server restarts; 40P01 is the ledger's own affair. */
const excused = new Set(['57P01', '57P02', '57P03', '08006', '53300', '40P01']);
/** A raw client's connection that ended behind an error, or with its backend in the middle of a row. */
const endedWithBackend = /^connection closed after (\S*E|\S+, within a message), before /;
const wrongMax = 50;

/** What came of all that was done. */
export class Report {
  /** How often each thing succeeded. */
  readonly done: Record<string, number> = {};
  /** How often each SQLSTATE excused one that didn't. */
  readonly failed: Record<string, number> = {};
  /** What should not have happened, the first of it. */
  readonly wrong: string[] = [];

  get operations(): number {
    return Object.values(this.done).reduce((sum, count) => sum + count, 0);
  }

  succeed(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1;
  }

  fail(what: string, error: Error): void {
    const code = codeOf(error);
    if (code === null) return this.blame(`${what}: ${error.stack}`);
    this.failed[code] = (this.failed[code] ?? 0) + 1;
  }

  blame(text: string): void {
    if (this.wrong.length < wrongMax) this.wrong.push(text);
  }
}

/** What excuses a failure; null: nothing does. */
function codeOf(error: Error): string | null {
  if (error instanceof Vanished) return 'vanished';
  if (error instanceof RawError || error instanceof pg.DatabaseError) {
    const code = error instanceof RawError ? error.fields.C : error.code;
    return code !== undefined && excused.has(code) ? code : null;
  }
  return endedWithBackend.test(error.message) ? 'closed' : null;
}
