import type { Statement } from './statement.js';

/** One Query or Execute on its way: the note of its request, for audit, metrics and timeouts. */
export class Run {
  /** Statements of the text that have completed. */
  completed = 0;
  /** Of the data of a COPY so far, as it goes over the wire; null: it copies nothing. */
  copyBytes: number | null = null;

  constructor(
    readonly statement: Statement | null,
    /** Milliseconds of the process's monotonic clock. */
    readonly startedAt: number,
    /** Of the session's bytes to its client, when it was sent. */
    readonly bytesBefore = 0,
  ) {}
}

/** What was taken for granted when a request was sent, and is taken back when it fails. */
export class Assumption {
  /** `undo(isSkipped)`: the request failed, or the server never looked at it because one before it failed. */
  constructor(readonly undo: (isSkipped: boolean) => void) {}
}

/** A statement of ours sent in the place of a refused one, so that the server fails where the client's would have. */
export class Refusal {
  /** `error` is the ErrorResponse that the client gets for the server's. */
  constructor(readonly error: Buffer) {}
}

/** A run that frees names of prepared statements. They were free since it was sent; when it fails they are not. */
export class Deallocation extends Run {
  constructor(
    statement: Statement | null,
    startedAt: number,
    bytesBefore: number,
    readonly undo: Assumption['undo'],
  ) {
    super(statement, startedAt, bytesBefore);
  }
}
