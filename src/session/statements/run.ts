import type { ResultMeter } from '../replies/result-limit.js';
import type { ClientStatement, Statement } from './statement.js';

/** One Query or Execute on its way: the note of its request, for audit, metrics and timeouts. */
export class Run {
  /** Statements of the text that have completed. */
  completed = 0;
  /** The unnamed statement that the client had before: a simple query drops it, unless it is skipped. */
  unnamedBefore: ClientStatement | undefined;
  /** Counts what it gives, where that is limited; null: it may give anything. */
  meter: ResultMeter | null = null;
  /** Its client was told that it gives too much. */
  isRefused = false;
  /** What its text deallocates or executes, where that was prepared by Parse. */
  named: StatementNames | null = null;
  /** Bytes of a COPY's data so far, as they go over the wire; null: it copies nothing. */
  copyBytes: number | null = null;
  /** After so many rows it pauses; 0: it doesn't. */
  rowsMax = 0;
  /** Its upstream went away before it had ended. */
  isLost = false;

  constructor(
    readonly statement: Statement | null,
    /** Milliseconds of the process's monotonic clock. */
    readonly startedAt: number,
    /** How many bytes the session had sent its client when this was sent. */
    readonly bytesBefore = 0,
  ) {}

  countCopied(bytes: number): void {
    if (this.copyBytes !== null) this.copyBytes += bytes;
  }
}

/** What was taken for granted when a request was sent, and is taken back when it fails. */
export class Assumption {
  /**
   * `undo(isSkipped)`: the request failed, or the server never looked at it because one before it failed. `statement` is
   * what it is about; `confirm`: it has succeeded.
   */
  constructor(
    readonly undo: (isSkipped: boolean) => void,
    readonly statement: Statement | null = null,
    readonly confirm: () => void = () => {},
    /** What errors call a prepared statement, and its client. */
    readonly named: StatementNames | null = null,
  ) {}
}

/** What a prepared statement is called by its client and upstream. */
export interface StatementNames {
  readonly name: string;
  readonly upstreamName: string;
}

/** The note of what is about a prepared statement, by its names, or about a portal. */
export class Mention implements StatementNames {
  constructor(
    readonly statement: Statement,
    readonly name = '',
    readonly upstreamName = '',
  ) {}
}

/** Null: nothing of the reply has to be looked at. */
export function mentionOf(isPoliced: boolean, name: string, prepared: ClientStatement): Mention | null {
  const { statement, upstreamName } = prepared;
  return isPoliced || name !== upstreamName ? new Mention(statement, name, upstreamName) : null;
}

/** A statement of ours sent in the place of a refused one, so that the server fails where the client's would have. */
export class Refusal {
  /**
   * `error` is the ErrorResponse that the client gets in place of the server's. `yields`: if the server says that the
   * transaction had failed before, the client gets that instead.
   */
  constructor(
    readonly error: Buffer,
    readonly yields: boolean,
    readonly unnamedBefore?: ClientStatement,
  ) {}
}

/** A run that frees names of prepared statements: since it was sent, unless it fails. */
export class Deallocation extends Run {
  constructor(
    statement: Statement | null,
    startedAt: number,
    bytesBefore: number,
    readonly freed: Assumption,
  ) {
    super(statement, startedAt, bytesBefore);
  }
}

/** What a session notes of its requests; null: it needs nothing of the reply but to pass it on. */
export type RequestNote = Run | Assumption | Mention | Refusal | null;

/** The statement that a request is about, by its note; null where there is none, or it isn't known. */
export function statementIn(note: RequestNote): Statement | null {
  return note === null || note instanceof Refusal ? null : note.statement;
}

/**
 * Whether the rows that come now in answer to a request aren't for its client: the statement was rewritten so that it
 * gives rows, and as the client wrote it it gives none.
 */
export function addsRows(note: RequestNote): boolean {
  const rows = statementIn(note)?.judgement.addsRows;
  return rows !== undefined && rows.length > 0 && rows[note instanceof Run ? note.completed : 0] === true;
}
