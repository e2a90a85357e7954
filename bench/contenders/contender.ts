import type { TestBed } from '../test-bed.js';

/** In the order of the table's columns. `no policy` is pgturnstile as a plain pool. */
export const contenderNames = ['direct', 'PgBouncer', 'no policy', 'pgturnstile'] as const;
export type ContenderName = (typeof contenderNames)[number];

/** Something that answers PostgreSQL clients, and that can be started as often as a row wants a fresh one. */
export interface Contender {
  readonly name: ContenderName;
  /** `PgBouncer 1.25.2` */
  readonly version: string;
  start(bed: TestBed): Promise<RunningContender>;
}

export interface RunningContender {
  readonly name: ContenderName;
  readonly host: string;
  readonly port: number;
  /** Whose memory and processor time are its cost; null for PostgreSQL itself, which is behind all of them. */
  readonly processId: number | null;
  stop(): Promise<void>;
}

/** How many upstream connections a pooler may hold. */
export const poolSize = 8;
/** Ten thousand idle ones, and room for those who come and go. */
export const clientsMax = 10_500;
