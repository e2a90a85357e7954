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
  /** `schema.name`, as resolved; empty where nothing was parsed. */
  readonly relations: readonly string[];
  /** Null: its literals could not be told apart. */
  readonly shape: string | null;
  /** Null: too large to be looked at. */
  readonly text: string | null;
  readonly verdict: 'allow' | 'deny';
  /** Names of the rules that decided. */
  readonly rules: readonly string[];
}

/** Anything but a statement; what is left out is not in the line. No field may hold a secret. */
export interface AuditEvent extends Partial<AuditClient> {
  readonly kind: 'start' | 'stop' | 'reload' | 'auth';
  readonly verdict?: 'allow' | 'deny';
  /** Of a login: `scram-sha-256`, ... */
  readonly method?: string;
  readonly sqlstate?: string | null;
  readonly durationMs?: number;
  /** For a person to read. */
  readonly detail?: string;
}
