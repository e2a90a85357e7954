import type { TouchedRelation } from '../policy/decide.js';

/** Who did something: the same for all that one client does. */
export interface AuditClient {
  readonly tenant: string;
  readonly database: string;
  readonly user: string;
  /** `address:port`, or `local` for the Unix socket. */
  readonly address: string;
  /** What the client calls itself (application_name); null: nothing. */
  readonly application: string | null;
}

/** What was done: the same every time a text, or in the mode `shape` any text of the shape, is run by the same roles. */
export interface AuditStatement {
  /** As policies name them (`select`, `copy-out`), else the statement's command. */
  readonly actions: readonly string[];
  /** Empty where nothing was parsed. */
  readonly relations: readonly TouchedRelation[];
  /** Null: its literals could not be told apart. */
  readonly shape: string | null;
  /** Null: too large to be looked at. */
  readonly text: string | null;
  readonly verdict: 'allow' | 'deny';
  /** Names of the rules that decided. */
  readonly rules: readonly string[];
  /** Another text was sent than the client's, with the restrictions of the rules in it. */
  readonly isRewritten: boolean;
}

/** How a statement ended. */
export interface StatementEnd {
  /** Sent or changed, from CommandComplete; null: unknown. */
  readonly rows: number | null;
  /** Of the copy's data as it went over the wire; null: nothing was copied. */
  readonly copyBytes: number | null;
  readonly durationMs: number;
  /** What it failed with; null: it succeeded. */
  readonly sqlstate: string | null;
}

/** Anything but a statement; what is left out is not in the line. No field may hold a secret. */
export interface AuditEvent extends Partial<AuditClient> {
  readonly kind: 'start' | 'stop' | 'reload' | 'policy' | 'auth';
  readonly verdict?: 'allow' | 'deny';
  /** Of a login: `scram-sha-256`, ... */
  readonly method?: string;
  /** Of a login: `admitted`, `failed`, ... */
  readonly outcome?: string;
  /** Of a policy: names of what came, went and is another now. */
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
  readonly changed?: readonly string[];
  readonly sqlstate?: string | null;
  readonly durationMs?: number;
  /** For a person to read. */
  readonly detail?: string;
}
