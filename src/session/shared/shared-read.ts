import { backend, frontend } from '../../../protocol/message-types.js';
import { bindCompleteFrame, parseCompleteFrame } from '../../../protocol/messages/bodiless.js';
import { queryFrame } from '../../../protocol/messages/query.js';
import type { PostgresUpstream, ReplyOwner, UpstreamLoss } from '../../backend/postgres/postgres-upstream.js';
import type { LaneRead } from '../../pool/lane-read.js';
import type { LaneUpstream } from '../../pool/lane-upstream.js';
import type { PooledUpstream } from '../../pool/pooled-upstream.js';
import { type ShapeRuns, smallBytes } from '../../pool/shape-runs.js';
import { nextParseTime } from '../../pool/upstream-statements.js';
import { rowsOf, sqlstateOf } from '../replies/reply-fields.js';
import { toldNotice } from '../replies/withholding.js';
import type { Session } from '../session.js';
import { Run } from '../statements/run.js';
import type { Statement } from '../statements/statement.js';
import { isOutdated } from '../statements/statement-of.js';
import { sendAsWritten } from './bound-query.js';
import { closeFrame, type SharedStatement } from './shared-statement.js';

/** What a batch runs, and where its parts lie in the read's bytes. */
export interface BatchParts {
  readonly statement: SharedStatement;
  /** The statement must have been parsed since. */
  readonly parsedSince: number;
  /** The client's batch begins with a Parse, and wants to hear that it is done. */
  readonly isParsing: boolean;
  /** It asks what the statement is before it binds it. */
  readonly isDescribing: boolean;
  /** Where its Bind goes on behind the statement's name, and for how long. */
  readonly restAt: number;
  readonly restBytes: number;
  /** The client has sent a Query, and this is what is sent in its place. Null: it has sent the batch. */
  readonly instead: Buffer | null;
}

/** read_only_sql_transaction */
const writesAfterAll = '25006';
/** Class 22: what is wrong with a value. */
const dataException = /^22/;
/** Classes 40, 53, 55, 57: not for how the statement was sent, and nothing to ask the server for twice. */
const circumstances = /^(?:40|53|55|57)/;
/** Classes 0A, 42: for what the statement is, whatever the values. */
const statementAtFault = /^(?:0A|42)/;
const nothing: Buffer = Buffer.alloc(0);

/**
 * One client's exchange that only reads, on a shared lane. What the server answers is held until it is complete, as
 * long as it is small: until then nothing has happened as far as the client can tell, and it can be run again.
 */
export class SharedRead extends Run implements LaneRead {
  readonly request = frontend.Query;
  readonly disposition = 'forward';
  readonly note = null;
  readonly dropsRows = false;
  lane: LaneUpstream | null = null;
  isAbandoned = false;

  readonly #session: Session;
  readonly #shape: ShapeRuns;
  readonly #batch: BatchParts | null;
  /** The client's messages: `buffer[start, end)`. */
  readonly #buffer: Buffer;
  readonly #start: number;
  readonly #end: number;
  /** Something of the answer has reached the client. */
  #isBegun = false;
  /** Replies to messages of ours that come before those for the client. */
  #ownReplies = 0;
  /** Bytes of such a reply that goes by unseen: a BindComplete. */
  #ownBytes = 0;
  #isParsed = false;
  /** What is held, the last piece of it apart. */
  #pieces: Buffer[] | null = null;
  #held = nothing;
  #heldStart = 0;
  #heldEnd = 0;
  #bytes = 0;
  #rows = 0;
  #sqlstate: string | null = null;

  constructor(
    session: Session,
    statement: Statement,
    shape: ShapeRuns,
    batch: BatchParts | null,
    start: number,
    end: number,
  ) {
    super(statement, performance.now());
    this.#session = session;
    this.#shape = shape;
    this.#batch = batch;
    this.#buffer = session.reader.buffer;
    this.#start = start;
    this.#end = end;
  }

  get owner(): ReplyOwner {
    return this.lane as LaneUpstream;
  }

  /** Its messages, to be taken again. */
  get messages(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  get isOutdated(): boolean {
    return this.statement !== null && isOutdated(this.#session, this.statement);
  }

  get hasBegun(): boolean {
    return this.#isBegun;
  }

  sendTo(upstream: PooledUpstream): void {
    const { connection, statements } = upstream;
    const batch = this.#batch;
    if (batch === null) return this.#sendQuery(connection);
    const { statement, parsedSince, isDescribing, restAt, restBytes, instead } = batch;
    if (!statements.has(statement.name, parsedSince)) this.#parseOn(upstream, batch);
    if (instead !== null) {
      this.#ownBytes = bindCompleteFrame.length;
      return connection.send(instead);
    }
    if (isDescribing) connection.send(statement.describe);
    connection.sendCopy(statement.bindHead(restBytes));
    connection.send(this.#buffer, restAt, this.#end);
  }

  #sendQuery(connection: PostgresUpstream): void {
    const sent = this.statement?.sent ?? null;
    if (sent === null) return connection.send(this.#buffer, this.#start, this.#end);
    connection.send(queryFrame(sent));
  }

  onBytes(buffer: Buffer, start: number, end: number): void {
    const own = Math.min(this.#ownBytes, end - start);
    this.#ownBytes -= own;
    if (end - start > own) this.#take(buffer, start + own, end);
  }

  /** What is for the client. */
  #take(buffer: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    if (this.#isBegun) return this.#pass(buffer, start, end);
    if (buffer === this.#held && start === this.#heldEnd) {
      this.#heldEnd = end;
    } else {
      if (this.#heldEnd > this.#heldStart) this.#setAside();
      this.#held = buffer;
      this.#heldStart = start;
      this.#heldEnd = end;
    }
    if (this.#bytes > smallBytes) this.#begin();
  }

  onReply(type: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case backend.ParseComplete:
      case backend.CloseComplete:
        if (this.#ownReplies > 0) {
          this.#ownReplies -= 1;
          return;
        }
        break;
      case backend.CommandComplete:
        this.#rows = rowsOf(buffer, end);
        break;
      case backend.NoticeResponse:
        return this.#onNotice(buffer.subarray(start, end));
      case backend.ErrorResponse:
        return this.#onError(buffer, start, end);
      case backend.ReadyForQuery:
        this.onBytes(buffer, start, end);
        return this.#finish();
    }
    this.onBytes(buffer, start, end);
  }

  onSlow(): void {
    this.#shape.demote();
  }

  runAgain(): void {
    this.#session.reads.takeBack(this, false);
  }

  onLost(loss: UpstreamLoss): void {
    if (this.#isBegun || this.#session.isTimedOut) this.#session.reads.lose(this, loss);
    else this.#session.reads.takeBack(this, true);
  }

  /** Parses its statement anew; earlier reads on the upstream are done with the old one by then. */
  #parseOn(upstream: PooledUpstream, { statement, isParsing }: BatchParts): void {
    const { connection, statements } = upstream;
    const isThere = statements.parseTimeOf(statement.name) !== undefined;
    statements.add(statement.name, nextParseTime());
    const excess = statements.takeExcess();
    if (isThere) connection.send(closeFrame(statement.name));
    if (excess !== undefined) connection.send(closeFrame(excess));
    connection.send(statement.parse);
    this.#isParsed = true;
    this.#ownReplies = (isThere ? 1 : 0) + (excess === undefined ? 0 : 1) + (isParsing ? 0 : 1);
    this.#session.database.lanes.counters.parsed += 1;
  }

  #pass(buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    session.toClient(buffer, start, end);
    if (session.isClientFull) this.lane?.pause();
  }

  #setAside(): void {
    this.#pieces ??= [];
    this.#pieces.push(this.#held.subarray(this.#heldStart, this.#heldEnd));
  }

  /** From now on the client sees what comes. */
  #begin(): void {
    this.#isBegun = true;
    const session = this.#session;
    if (this.#batch?.isParsing === true && !this.#isParsed) session.toClient(parseCompleteFrame);
    if (this.#pieces !== null) for (const piece of this.#pieces) session.toClient(piece);
    this.#pieces = null;
    if (this.#heldEnd > this.#heldStart) session.toClient(this.#held, this.#heldStart, this.#heldEnd);
    this.#held = nothing;
    if (this.#bytes > smallBytes) {
      this.#shape.demote();
      if (session.isClientFull) this.lane?.pause();
    }
  }

  #onNotice(frame: Buffer): void {
    const told = this.#session.database.isPoliced ? toldNotice(this, frame) : frame;
    if (told !== null) this.#take(told, 0, told.length);
  }

  #onError(buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    this.#ownBytes = 0;
    const sqlstate = sqlstateOf(buffer.subarray(start + 5, end));
    if (sqlstate === writesAfterAll) this.#shape.neverShare();
    if (!this.#isBegun && this.#isInDoubt(sqlstate)) return session.reads.takeBack(this, true);
    this.#sqlstate = sqlstate;
    if (!this.#isBegun) this.#begin();
    if (this.#batch?.isParsing === true) this.named = { name: '', upstreamName: this.#batch.statement.name };
    session.replies.passError(this, buffer, start, end);
  }

  /** Whether an error isn't the client's: its statement would do better on an upstream of its own, or when parsed anew. */
  #isInDoubt(sqlstate: string): boolean {
    if (sqlstate === writesAfterAll) return true;
    const batch = this.#batch;
    if (batch === null) return false;
    if (batch.instead !== null) return this.#isOfSending(sqlstate, batch);
    // A plan for these values fails when it is made, one for all values, as of what many have run, when it is executed.
    if (this.#bytes > 0) return dataException.test(sqlstate);
    // Whatever is wrong with the statement, the next one to use it parses it again.
    this.lane?.upstream.statements.add(batch.statement.name, 0);
    if (!batch.isParsing || !this.#isParsed) return true;
    this.#session.statements.delete('');
    return false;
  }

  /** Whether an error may be another than the one that the client's Query would have got, at least in what it points at. */
  #isOfSending(sqlstate: string, { statement }: BatchParts): boolean {
    if (circumstances.test(sqlstate)) return false;
    this.lane?.upstream.statements.add(statement.name, 0);
    if (statementAtFault.test(sqlstate) && this.statement !== null) sendAsWritten(this.statement);
    return true;
  }

  #finish(): void {
    if (!this.#isBegun) this.#begin();
    const session = this.#session;
    session.recordRun(this, this.#rows, this.#sqlstate);
    this.#shape.ranShared();
    session.reads.finish(this);
  }
}
