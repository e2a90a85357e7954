import { Histogram } from './histogram.js';
import { statementKindLabels, statementOutcomes } from './statement-kinds.js';

/** How an upstream is used. */
export const lanes = ['pinned', 'shared'] as const;

export type LaneLabel = (typeof lanes)[number];

/** Most rows of `statements` are never used: 24 kinds of 5 outcomes, 960 bytes a database. */
const statementSlots = statementKindLabels.length * statementOutcomes.length;

/**
 * What is counted of one tenant's database. Plain numbers, for the code that does the counted thing to bump in
 * place; Prometheus' side reads them when it is asked. A session keeps a reference and never looks one up.
 */
export class DatabaseCounters {
  readonly tenant: string;
  /** As the configuration lists it: `*` for all that the wildcard let through. */
  readonly database: string;

  readonly statements = new Float64Array(statementSlots);
  readonly statementDuration = new Histogram();
  readonly checkoutWait = new Histogram();
  /** Reads on shared lanes, and what became of them. */
  readonly shared = { answered: 0, rerun: 0, rescued: 0, parsed: 0, promoted: 0 };
  copyRows = 0;
  rateLimited = 0;

  /** How things are now, kept by those who change them or set by an `onScrape` reader. */
  readonly clients = { active: 0, idle: 0, waiting: 0 };
  readonly upstreams: Readonly<Record<LaneLabel, { active: number; idle: number; connecting: number }>> = {
    pinned: { active: 0, idle: 0, connecting: 0 },
    shared: { active: 0, idle: 0, connecting: 0 },
  };
  /** 0 closed, 1 half-open, 2 open. */
  breakerState: 0 | 1 | 2 = 0;

  constructor(tenant: string, database: string) {
    this.tenant = tenant;
    this.database = database;
  }

  /**
   * Counts one statement and how long it took.
   *
   * @param kind from `statementKindIndex`
   * @param outcome from `outcomeIndex`
   */
  countStatement(kind: number, outcome: number, durationMs: number): void {
    (this.statements[kind * statementOutcomes.length + outcome] as number)++;
    this.statementDuration.observe(durationMs);
  }
}
