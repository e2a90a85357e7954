import type { Socket } from 'node:net';
import { type FrameReader, framing } from '../../../protocol/frame-reader.js';
import { backend } from '../../../protocol/message-types.js';
import { terminateFrame } from '../../../protocol/messages/bodiless.js';
import { decodeErrorResponse, type ErrorFields } from '../../../protocol/messages/error-response.js';
import { decodeParameterStatus, type ParameterStatus } from '../../../protocol/messages/parameter-status.js';
import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import { type PendingReply, ReplyQueue } from '../../../protocol/reply-queue.js';
import { BatchedWriter } from '../../wire/batched-writer.js';
import { cutReport } from './cut-report.js';
import { catalogRules, laneRules, ownQueryRules, replyRules } from './framing-rules.js';

/** As the time of an unnamed statement's Parse: there may be one, and it is nobody's. */
const unknownUnnamed = -1;

/** Why an upstream is gone. */
export interface UpstreamLoss {
  /** What the server said last, where it said why: a FATAL error. */
  readonly lastWords: ErrorFields | null;
  /** The client has the first bytes of a message whose rest will never come. */
  readonly isMidMessage: boolean;
  /** We closed the connection, or our side of it. */
  readonly isOurDoing: boolean;
  readonly cause: Error | null;
}

/** Who takes the replies of requests: a client's session, or a question of our own. Its requests have its notes. */
export interface ReplyOwner<Note = unknown> {
  /** Row and copy data, and what follows the first part of an oversized message: whole messages or parts of them. */
  onBytes(buffer: Buffer, start: number, end: number): void;
  /** A message that answers `request`; an oversized one has its first part here and the rest in `onBytes`. */
  onReply(request: UpstreamRequest<Note>, type: number, buffer: Buffer, start: number, end: number): void;
  /** A notice, notification or parameter change. */
  onAsync(type: number, buffer: Buffer, start: number, end: number): void;
  /** A request whose reply is ours is next; nothing of it was sent upstream. */
  onTurn(request: UpstreamRequest<Note>): void;
  /** The server skipped the request because of an error before it. */
  onSkipped(request: UpstreamRequest<Note>): void;
  /** `unanswered` are this owner's requests without a reply, in their order. */
  onLost(loss: UpstreamLoss, upstream: PostgresUpstream, unanswered: readonly UpstreamRequest<Note>[]): void;
}

/** A request to an upstream, as its reply queue keeps it, and what its owner has noted of it. */
export class UpstreamRequest<Note = unknown> implements PendingReply<ReplyOwner> {
  /** The rows that come now go nowhere. */
  dropsRows = false;

  constructor(
    readonly request: number,
    readonly disposition: PendingReply<ReplyOwner>['disposition'],
    readonly owner: ReplyOwner<Note>,
    readonly note: Note | null = null,
  ) {}
}

/** Bytes, counted together for all upstreams. */
export interface UpstreamTraffic {
  fromUpstreams: number;
  toUpstreams: number;
}

export interface UpstreamSecrets {
  readonly processId: number;
  readonly secretKey: Buffer;
}

/**
 * One connection to a PostgreSQL server, past its start-up. Requests are written with `send` and announced with
 * `expect`, in the same order; replies go to the owners of the requests, row data as the bytes that came in.
 */
export class PostgresUpstream {
  readonly queue = new ReplyQueue<UpstreamRequest>((request) => {
    // It may have been meant to drop or to replace the unnamed statement, which is still there then.
    this.unnamed = unknownUnnamed;
    request.owner.onSkipped(request);
  });
  readonly writer: BatchedWriter;
  readonly parameters: Map<string, string>;
  /** Settings that were reported with another value since somebody cleared this, and the value before. */
  readonly changedParameters = new Map<string, string | undefined>();
  readonly secrets: UpstreamSecrets;
  /** Of the last ReadyForQuery. */
  status: number = transactionStatus.idle;
  /** Takes what comes unasked while no request is pending, and every notification. */
  attached: ReplyOwner | null = null;
  /** When the unnamed statement was parsed, which tells whose it is; 0 where there is none: a simple query drops it. */
  unnamed = 0;
  isLost = false;
  /** Called once, when the connection is gone for whatever reason. */
  onClosed: ((loss: UpstreamLoss) => void) | null = null;

  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #traffic: UpstreamTraffic;
  #bytesOwner: ReplyOwner | null = null;
  #lastWords: ErrorFields | null = null;
  #isMidMessage = false;
  #hasEndedSending = false;
  #isHeld = false;

  constructor(
    socket: Socket,
    reader: FrameReader,
    parameters: Map<string, string>,
    secrets: UpstreamSecrets,
    traffic: UpstreamTraffic,
  ) {
    this.#socket = socket;
    this.#traffic = traffic;
    this.#reader = reader;
    this.parameters = parameters;
    this.secrets = secrets;
    this.writer = new BatchedWriter(socket);
    reader.useRules(replyRules);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#lose(error));
    socket.on('close', () => this.#lose(null));
  }

  /** True when nothing is under way: no reply is due and no transaction is open. */
  get isIdle(): boolean {
    return this.queue.size === 0 && this.status === transactionStatus.idle && !this.queue.isSkipping;
  }

  send(buffer: Buffer, start = 0, end = buffer.length): void {
    this.#traffic.toUpstreams += end - start;
    this.writer.write(buffer, start, end);
  }

  /** Announces a request that was sent, or one whose reply is ours. */
  expect(request: UpstreamRequest): void {
    this.queue.push(request);
    if (request.disposition === 'synthesise') this.#takeTurns();
  }

  /** As `send`, for a few bytes that are overwritten soon. */
  sendCopy(buffer: Buffer): void {
    this.#traffic.toUpstreams += buffer.length;
    this.writer.copy(buffer);
  }

  /**
   * Which replies are passed on unseen, and which come to `onReply`: while a question of our own is asked, rows come to
   * its owner as whole messages.
   */
  readFor(user: keyof typeof rulesFor): void {
    this.#reader.useRules(rulesFor[user]);
  }

  /** Stops and starts the server's sending, for a client that doesn't read. */
  pause(): void {
    this.#socket.pause();
  }

  get isPaused(): boolean {
    return this.#socket.isPaused();
  }

  resume(): void {
    if (!this.isLost && this.#socket.isPaused()) this.#socket.resume();
  }

  /** What has come in isn't looked at, nor what still comes, until `goOn`. */
  hold(): void {
    this.#isHeld = true;
    this.pause();
  }

  goOn(): void {
    this.#isHeld = false;
    this.resume();
    this.#read();
  }

  /** Closes our side alone: the server finds its client gone, says so, and ends the session. */
  endSending(): void {
    this.#hasEndedSending = true;
    this.writer.flush();
    this.#socket.end();
  }

  /** The server carries out what was sent before, says what it has to say of that, and ends the session. */
  sayGoodbye(): void {
    this.send(terminateFrame);
    this.endSending();
  }

  /** Says goodbye; what was sent before is still carried out by the server. */
  close(): void {
    if (this.isLost) return;
    this.send(terminateFrame);
    this.writer.flush();
    this.#socket.end();
    this.#lose(null, true);
    // A server that never closes its side must not keep the socket.
    this.#socket.setTimeout(5000, () => this.#socket.destroy());
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#lose(null, true);
  }

  /** The server is there and doesn't answer: the connection counts as lost. */
  giveUp(cause: Error): void {
    this.#socket.destroy();
    this.#lose(cause);
  }

  /** Lets the process end although the connection is open. */
  unref(): void {
    this.#socket.unref();
  }

  #onData(chunk: Buffer): void {
    if (this.isLost) return;
    this.#traffic.fromUpstreams += chunk.length;
    this.#reader.push(chunk);
    this.#read();
  }

  #read(): void {
    if (this.isLost || this.#isHeld) return;
    const reader = this.#reader;
    try {
      for (let found = reader.next(); found !== framing.none; found = reader.next()) {
        if (found === framing.run) this.#onRun();
        else if (found === framing.piece) this.#bytesOwner?.onBytes(reader.buffer, reader.start, reader.end);
        else if (found === framing.head) this.#onHead();
        else this.#onMessage(reader.buffer, reader.start, reader.end);
        if (this.isLost || this.#isHeld) return;
      }
      this.#isMidMessage = !reader.isAtBoundary && this.#bytesOwner !== null;
    } catch (error) {
      this.#lose(error as Error);
      this.#socket.destroy();
    }
  }

  #onRun(): void {
    const { buffer, start, end } = this.#reader;
    const head = this.queue.head;
    this.#bytesOwner = head?.disposition === 'forward' && !head.dropsRows ? head.owner : null;
    this.#bytesOwner?.onBytes(buffer, start, end);
  }

  /** The beginning of a large message; its pieces follow, of which nobody hears where it is a report. */
  #onHead(): void {
    const { type, buffer, start, end } = this.#reader;
    if (type !== backend.ErrorResponse && type !== backend.NoticeResponse)
      return this.#onMessage(buffer, start, end, true);
    const cut = cutReport(buffer.subarray(start, end));
    this.#onMessage(cut, 0, cut.length);
  }

  #onMessage(buffer: Buffer, start: number, end: number, isHead = false): void {
    const { type } = this.#reader;
    this.#bytesOwner = null;
    switch (type) {
      case backend.ParameterStatus: {
        this.#noteParameter(decodeParameterStatus(buffer.subarray(start + 5, end)));
        return this.#async(type, buffer, start, end, isHead);
      }
      case backend.NoticeResponse:
        return this.#async(type, buffer, start, end, isHead);
      case backend.NotificationResponse:
        // What was listened for is the client's also while the server answers a question of ours.
        if (isHead) this.#bytesOwner = this.attached;
        return this.attached?.onAsync(type, buffer, start, end);
      case backend.ErrorResponse:
        if (isFatal(buffer, start, end)) {
          this.#lastWords = decodeErrorResponse(buffer.subarray(start + 5, end));
          this.#isMidMessage = false;
          // Nothing follows, so whoever comes next needn't wait for the socket to close to get another.
          return this.giveUp(new Error('the server ended the session'));
        }
        break;
      case backend.ReadyForQuery:
        this.status = buffer[start + 5] as number;
        break;
    }
    const request = this.queue.match(type);
    if (request === undefined) throw new Error(`the server sent a message that nothing asked for: ${type}`);
    if (isHead && request.disposition === 'forward') this.#bytesOwner = request.owner;
    request.owner.onReply(request, type, buffer, start, end);
    this.#takeTurns();
  }

  #noteParameter({ name, value }: ParameterStatus): void {
    const { parameters, changedParameters } = this;
    if (!changedParameters.has(name)) changedParameters.set(name, parameters.get(name));
    else if (changedParameters.get(name) === value) changedParameters.delete(name);
    parameters.set(name, value);
  }

  #async(type: number, buffer: Buffer, start: number, end: number, isHead: boolean): void {
    const owner = this.queue.head?.owner ?? this.attached;
    if (isHead) this.#bytesOwner = owner;
    owner?.onAsync(type, buffer, start, end);
  }

  #takeTurns(): void {
    for (let next = this.queue.takeSynthesised(); next !== undefined; next = this.queue.takeSynthesised()) {
      next.owner.onTurn(next);
    }
  }

  #lose(cause: Error | null, isOurDoing = this.#hasEndedSending): void {
    if (this.isLost) return;
    this.isLost = true;
    const loss = { lastWords: this.#lastWords, isMidMessage: this.#isMidMessage, isOurDoing, cause };
    const unanswered = this.queue.drain();
    const owners = new Set(unanswered.map((request) => request.owner));
    if (this.attached !== null) owners.add(this.attached);
    this.attached = null;
    // The pool strikes it from its list first, so that nobody who is told asks for it again.
    this.onClosed?.(loss);
    for (const owner of owners) {
      owner.onLost(
        loss,
        this,
        unanswered.filter((request) => request.owner === owner),
      );
    }
  }
}

const rulesFor = { client: replyRules, lane: laneRules, question: ownQueryRules, catalog: catalogRules } as const;

/** Whether an ErrorResponse says FATAL or PANIC in the field that isn't translated (PG 55.8, V). */
function isFatal(buffer: Buffer, start: number, end: number): boolean {
  // Nearly every error is an ERROR: tell by its first field, which is S and untranslated in nearly every server.
  if (buffer[start + 6] === 0x45 && buffer[start + 7] === 0x52) return false;
  const { severityNonLocalized, severity } = decodeErrorResponse(buffer.subarray(start + 5, end));
  const said = severityNonLocalized ?? severity;
  return said === 'FATAL' || said === 'PANIC';
}
