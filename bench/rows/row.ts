import type { Contender, ContenderName, RunningContender } from '../contenders/contender.js';
import type { TestBed } from '../test-bed.js';

export interface Measurement {
  value: number;
  /** What the value was measured with: the processor time of a round is divided by it. Left out: not of interest. */
  operations?: number;
  /** What else was seen; that of the last round is printed. */
  note?: string;
}

/** What pgturnstile's value is to be, divided by the other's; at least, or at most where less is better. */
export interface Goal {
  of: Exclude<ContenderName, 'pgturnstile'>;
  ratio: number;
  /** What would be welcome. */
  stretch?: number;
}

export interface RoundOptions {
  seconds: number;
}

export interface Row {
  readonly name: string;
  /** `/s` for a rate: more is better. `ms` and `MB`: less is. */
  readonly unit: '/s' | 'ms' | 'MB';
  readonly goals: readonly Goal[];
  /** The same as an absolute value, in the row's unit. */
  readonly valueGoal?: { readonly value: number; readonly stretch: number };
  /** Left out: everyone. Else those that are started for this row alone. */
  readonly contenders?: readonly Contender[];
  /** Each round gets contenders that have served nobody yet: what memory is measured from. */
  readonly isFresh?: true;
  /** Also run before all rounds, and not counted there. */
  readonly isWarmUp?: true;
  /** Rounds are alike, and one is enough. */
  readonly isOnce?: true;
  /** Once before the rounds, with all contenders that run. What it resolves with is printed. */
  prepare?(contenders: readonly RunningContender[], bed: TestBed): Promise<string>;
  /** One round. Null: this contender has no such value. */
  measure(contender: RunningContender, bed: TestBed, options: RoundOptions): Promise<Measurement | null>;
}

export function isMoreBetter({ unit }: Pick<Row, 'unit'>): boolean {
  return unit === '/s';
}
