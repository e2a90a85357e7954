import type { Socket } from 'node:net';
import { type FrameReader, type Framing, framing } from '../../protocol/frame-reader.js';
import { frontend } from '../../protocol/message-types.js';
import { flushFrame } from '../../protocol/messages/bodiless.js';
import { transactionStatus } from '../../protocol/messages/ready-for-query.js';
import type { Phase } from '../../protocol/phases.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import type { ClientPart } from '../audit/audit-line.js';
import type { UpstreamRequest } from '../backend/postgres/postgres-upstream.js';
import { endedByAdministrator } from '../errors/ended-by-administrator.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { Judge, SessionJudge } from '../judge/judge.js';
import type { SessionIdentity } from '../policy/fill-expression.js';
import type { SessionSettings } from '../pool/session-settings.js';
import { databaseToLeave } from '../sql/session-effects.js';
import { BatchedWriter } from '../wire/batched-writer.js';
import { Attachment } from './attachment.js';
import type { CancelKeys } from './cancel.js';
import { ClientInput } from './client-input.js';
import { breakCopy, onCopyInMessage } from './copy-in.js';
import { Copying } from './copying.js';
import type { ServedDatabase } from './databases/served-database.js';
import { errorResponse } from './error-response.js';
import { leaveBatch } from './leave-batch.js';
import type { Listening } from './notifications/listening.js';
import { ByName } from './prepared/by-name.js';
import { onReadyMessage } from './ready.js';
import { readyFrame } from './ready-frames.js';
import type { SessionRecorder } from './recorder.js';
import { ClientReplies } from './replies/client-replies.js';
import { SessionReads } from './shared/session-reads.js';
import { onSkippedMessage } from './skip-to-sync.js';
import type { ConnectedClient } from './startup/admitted-client.js';
import { endClient } from './startup/end-client.js';
import { NameLookup } from './statements/name-lookup.js';
import type { Run } from './statements/run.js';
import { type ClientStatement, type Portal, type Statement, textBytes } from './statements/statement.js';
import type { TextInParts } from './statements/text-in-parts.js';
import { VerdictInHand } from './statements/verdict-in-hand.js';
import { SessionTimeouts, type TimeoutDeps } from './timeouts.js';

export type SessionPhase = Exclude<Phase, 'startup' | 'authenticate'>;

/** Takes one message of the client; gives the phase that it leads to, or null: it can't be taken yet. */
export type MessageHandler = (session: Session, type: number) => SessionPhase | null;

const handlers: Readonly<Record<Exclude<SessionPhase, 'closed'>, MessageHandler>> = {
  ready: onReadyMessage,
  batch: onReadyMessage,
  skipToSync: onSkippedMessage,
  copyIn: onCopyInMessage,
};

export interface SessionDeps {
  readonly database: ServedDatabase;
  readonly recorder: SessionRecorder;
  readonly timeouts: TimeoutDeps;
  readonly startSettings: SessionSettings;
  /** What the client calls itself; null: nothing. */
  readonly applicationName: string | null;
  readonly cancelKeys: CancelKeys;
  /** What the client was told of its server process, in BackendKeyData. */
  readonly processId: number;
  /** Who the client is to a policy. */
  readonly principal: SessionIdentity;
  /** The server's search_path for a session that sets none. */
  readonly searchPath: string;
  /** The session is over; its socket is closing. */
  readonly onEnd: (session: Session, reason: string) => void;
}

/**
 * One client past its start-up: takes its messages one by one, in the phase that it is in, and its upstream's replies
 * as they come. What can't be taken yet (no upstream is free, a verdict is being made) waits, and the client's socket
 * is not read on until then.
 */
export class Session {
  readonly database: ServedDatabase;
  readonly client: ConnectedClient;
  readonly cancelKeys: CancelKeys;
  readonly input = new ClientInput();
  readonly replies = new ClientReplies(this);
  readonly attachment: Attachment;
  readonly reads = new SessionReads(this);
  readonly copying = new Copying(this);
  readonly recorder: SessionRecorder;
  readonly names: NameLookup;
  /** Prepared statements by the client's name for them; '' is the unnamed one. */
  readonly statements = new ByName<ClientStatement>(textBytes);
  /** Names that are given or taken by what isn't answered yet, with the number of the exchange that it belongs to. */
  readonly changing = new ByName<{ readonly exchange: number }>();
  /** Number of the exchange that is being sent: how many were ended by a Sync or Query before it. */
  exchange = 0;
  /** What each open portal runs. */
  readonly portals = new ByName<Portal>(({ prepared }) => textBytes(prepared));
  /** Made by the first LISTEN; null where an upstream of its own listens for the client, or nobody. */
  listening: Listening | null = null;
  phase: SessionPhase = 'ready';
  /** Something that a Query needs was sent and may yet fail, and the Query with it: what comes behind it waits. */
  isPreparing = false;
  /** The text in hand, where its statements are judged and run one after another. */
  inParts: TextInParts | null = null;
  /** Exchanges that were sent and are not answered yet. */
  openExchanges = 0;
  /** The statement under way whose result is counted. Until it has ended nothing else is taken of the client. */
  limited: Run | null = null;
  /** The server streams, and hears the client meanwhile: replication. */
  isStreaming = false;
  /** The client has said its last within a batch or copy. What the server still has to say of that is passed on. */
  isLeaving = false;
  /** How many bytes were sent to the client so far. */
  sentBytes = 0;
  /** What becomes of the rest of a message that was too large to be held, and whose beginning was taken. */
  pieces: 'forward' | 'drop' = 'drop';
  readonly verdict = new VerdictInHand();
  /** What the client calls itself; null: nothing. */
  applicationName: string | null;
  /** Made when it is needed, and again after the name has changed. */
  auditPart: ClientPart | null = null;

  readonly #socket: Socket;
  readonly #writer: BatchedWriter;
  readonly #timeouts: SessionTimeouts;
  readonly #principal: SessionIdentity;
  #judging: SessionJudge | null = null;
  #judge: Judge | null = null;
  readonly #onEnd: SessionDeps['onEnd'];
  #isWaiting = false;
  #hasClientEnded = false;
  /** The client has broken the protocol, or is about to be told goodbye: nothing of it is read any more. */
  #isBroken = false;
  /** What the client is told last, when all that it sent before has been answered. */
  #farewell: { readonly error: Buffer; readonly reason: string } | null = null;

  constructor(client: ConnectedClient, deps: SessionDeps) {
    this.client = client;
    this.database = deps.database;
    this.cancelKeys = deps.cancelKeys;
    this.recorder = deps.recorder;
    this.#principal = deps.principal;
    this.names = new NameLookup(deps.searchPath);
    this.applicationName = deps.applicationName;
    this.#onEnd = deps.onEnd;
    this.#socket = client.socket;
    this.#writer = new BatchedWriter(client.socket);
    this.#timeouts = new SessionTimeouts(this, deps.timeouts);
    this.attachment = new Attachment({
      pool: deps.database.pool,
      breaker: deps.database.breaker,
      owner: this.replies,
      isForSession: deps.database.isSessionPooled,
      startSettings: deps.startSettings,
      processId: deps.processId,
      wake: () => this.wake(),
      quieten: (onQuiet) => this.#quieten(onQuiet),
    });
  }

  /** Judges statements, by the policy in force now; null where nothing is judged. */
  get judging(): SessionJudge | null {
    const { judge, upstreamUser } = this.database;
    if (judge !== this.#judge) {
      this.#judge = judge;
      this.#judging = judge?.for(this.#principal, upstreamUser, this) ?? null;
      this.names.doubt();
    }
    return this.#judging;
  }

  /**
   * Begins to read. Everything before ReadyForQuery was written by then.
   * @param early what the client has sent behind its authentication
   */
  start(early: Buffer): void {
    const socket = this.#socket;
    this.#writer.onDrain = () => {
      this.attachment.connection?.resume();
      this.reads.resume();
      this.listening?.flushIfIdle();
      this.wake();
    };
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => {});
    socket.on('end', () => this.#onClientEnd());
    socket.on('close', () => this.end('the connection was lost'));
    if (early.length > 0) this.#onData(early);
    socket.resume();
  }

  /** Has the message in hand. */
  get reader(): FrameReader {
    return this.input.reader;
  }

  /** The client doesn't take what it is sent fast enough. */
  get isClientFull(): boolean {
    return this.#writer.isFull;
  }

  get isTimedOut(): boolean {
    return this.#timeouts.isExpired;
  }

  /** Whether a transaction or an exchange is under way. */
  get isInTransaction(): boolean {
    const { connection } = this.attachment;
    const status = connection?.status ?? transactionStatus.idle;
    return this.phase !== 'ready' || this.openExchanges > 0 || status !== transactionStatus.idle;
  }

  /** What its upstream answers next, of this client's; undefined where it runs nothing. */
  get runningRequest(): UpstreamRequest | undefined {
    return this.attachment.held?.connection.queue.head ?? (this.reads.running === null ? undefined : this.reads.first);
  }

  toClient(buffer: Buffer, start = 0, end = buffer.length): void {
    if (this.phase === 'closed') return;
    this.recorder.metrics.bytes.toClients += end - start;
    this.sentBytes += end - start;
    this.#writer.write(buffer, start, end);
    if (this.#writer.isFull) this.attachment.connection?.pause();
  }

  /** Sends the message in hand as it is. */
  forward(): void {
    const { buffer, start, end } = this.reader;
    this.attachment.connection?.send(buffer, start, end);
  }

  /** Ends an exchange that no upstream took part in. */
  answerReady(): void {
    this.listening?.flush();
    this.toClient(readyFrame(transactionStatus.idle));
    this.listening?.endIfLost();
  }

  /** Takes the message in hand again, and goes on from there. */
  wake(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#socket.resume();
    this.#pump();
  }

  onReadyForQuery(status: number): void {
    this.openExchanges -= 1;
    this.isStreaming = false;
    this.copying.leave();
    if (status === transactionStatus.idle) this.portals.clear();
    const { connection } = this.attachment;
    this.onAnswered();
    if (connection === null || connection.queue.size > 0) return this.wake();
    const { data } = this.copying;
    this.#timeouts.onAnswered(data.isUnfinished ? transactionStatus.open : status);
    if (this.phase === 'closed') this.attachment.reclaim();
    else if (this.phase === 'ready' && data.isUnfinished) data.whenWhole(() => this.attachment.settle(status));
    else if (this.phase === 'ready') this.attachment.settle(status);
    if (status === transactionStatus.idle) this.listening?.endIfLost();
    this.wake();
    this.#endIfDone();
  }

  /** A read on a shared lane was answered. */
  onReadAnswered(): void {
    this.openExchanges -= 1;
    this.onAnswered();
    if (this.reads.size === 0) this.#timeouts.onAnswered(transactionStatus.idle);
    this.listening?.onReadAnswered();
    this.wake();
    this.#endIfDone();
  }

  /** Exchanges of the client that were taken before are to be run anew, before what it has sent since. */
  takeAgain(exchanges: readonly Buffer[]): void {
    if (this.phase === 'closed') return;
    this.input.putBack(exchanges);
    this.#isWaiting = true;
    this.wake();
  }

  /** One more reply has gone out; the last one before a farewell, perhaps. */
  onAnswered(): void {
    const farewell = this.#farewell;
    if (farewell === null || this.reads.size > 0) return;
    if ((this.attachment.held?.connection.queue.size ?? 0) > 0) return;
    this.#farewell = null;
    this.endWith(farewell.error, farewell.reason);
  }

  /** The server takes COPY data until the client ends it. */
  enterCopyIn(request: number): void {
    if (!this.copying.enter(request)) return;
    this.#endIfDone();
    if (!this.#isBroken) return;
    // What broke the protocol was sent before the copy was known to be one, and breaks the copy.
    this.#farewell = null;
    breakCopy(this, this.reader.type);
  }

  /** A statement has ended; gives how long it took, in milliseconds. */
  recordRun(run: Run, rows: number, sqlstate: string | null): number {
    const durationMs = this.recorder.onRun(this, run, rows, sqlstate);
    this.copying.run = null;
    run.copyBytes = null;
    return durationMs;
  }

  onStatementSent(statement: Statement | null): void {
    const left = statement === null ? null : databaseToLeave(statement.effects);
    if (left !== null) this.database.leave(left);
    this.#timeouts.onSent(statement?.judgement.limits.timeoutMs ?? 0);
  }

  /** Stops what runs, at the upstream. */
  cancelRun(): void {
    this.#timeouts.cancel();
  }

  /** The one exchange under way failed with its upstream; the next one gets another. */
  failExchange(error: Buffer): void {
    this.openExchanges = 0;
    this.inParts?.abandon();
    this.portals.clear();
    this.listening?.forgetTransaction();
    this.toClient(error);
    this.answerReady();
    this.wake();
  }

  /** As by an administrator, at the request of another client or of this one: what runs is cancelled before. */
  terminate(by: Session | null): void {
    const farewell = { error: errorResponse(endedByAdministrator()), reason: 'terminated by a client' };
    const isIdle = this.openExchanges === 0 && this.reads.size === 0;
    if (by === this || isIdle) return this.endWith(farewell.error, farewell.reason);
    this.#isBroken = true;
    this.#farewell = farewell;
    this.cancelRun();
  }

  /** Tells the client why, and closes. */
  endWith(error: Buffer, reason: string): void {
    this.toClient(error);
    this.end(reason);
  }

  /** Ends the session: the client's last words, or ours, were said. */
  end(reason: string): void {
    if (this.phase === 'closed') return;
    const isCopying = this.phase === 'copyIn' || this.isStreaming;
    const isMidBatch = this.phase === 'batch' || isCopying || !this.input.isAtBoundary;
    this.#writer.flush();
    this.phase = 'closed';
    this.#timeouts.stop();
    this.reads.leave();
    this.listening?.end();
    this.names.onIdle();
    this.attachment.leave(isMidBatch);
    endClient(this.#socket);
    this.#onEnd(this, reason);
  }

  /** Before a client that listens uses an upstream: what others notified from there has come. False: it needn't wait. */
  #quieten(onQuiet: () => void): boolean {
    const isListening = this.listening?.hasChannels === true;
    if (isListening) this.database.notifications.roundTrip(onQuiet);
    return isListening;
  }

  /** The client sends no more, but may still read: what it sent is answered, as long as that doesn't take long. */
  #onClientEnd(): void {
    this.#hasClientEnded = true;
    this.#endIfDone();
    if (this.phase !== 'closed') setTimeout(() => this.end(clientEnded), answerHalfClosedMs).unref();
  }

  #endIfDone(): void {
    if (!this.#hasClientEnded || this.#isWaiting) return;
    if (this.phase === 'copyIn') this.attachment.held?.connection.endSending();
    else if (this.openExchanges === 0 && !leaveBatch(this, 'endSending')) this.end(clientEnded);
  }

  #onData(chunk: Buffer): void {
    if (this.phase === 'closed') return;
    this.recorder.metrics.bytes.fromClients += chunk.length;
    this.input.push(chunk);
    if (!this.#isWaiting) this.#pump();
  }

  #pump(): void {
    try {
      while (this.phase !== 'closed' && !this.#isWaiting && !this.isLeaving) {
        if (this.#isBroken && !this.input.isAgain) return this.#leaveBroken();
        const inHand = this.input.next();
        if (inHand === framing.none) return this.#endIfDone();
        if (this.#writer.isFull || this.#isHeldBack || this.limited !== null) return this.#wait();
        if (this.attachment.connection?.writer.isFull) return this.#waitForUpstream();
        if (!this.#take(inHand)) return this.#wait();
        this.input.taken();
        if (this.phase === 'ready') this.reads.isNextPinned = false;
        this.verdict.clear();
      }
    } catch (error) {
      this.#onViolation(error);
    }
  }

  get #isHeldBack(): boolean {
    const { isHeldBack, isReset } = this.attachment;
    return isHeldBack || (isReset && this.phase === 'ready' && this.openExchanges > 0);
  }

  /** False: not yet. */
  #take(found: Framing): boolean {
    if (this.phase === 'closed') return true;
    this.#timeouts.onMessage();
    if (found === framing.piece) {
      if (this.pieces === 'forward') this.forward();
      return true;
    }
    const type = found === framing.run ? frontend.CopyData : this.reader.type;
    const next = handlers[this.phase](this, type);
    if (next === null) return false;
    if (next === 'closed') this.end('the client said goodbye');
    else this.phase = next;
    return true;
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#socket.pause();
  }

  #waitForUpstream(): void {
    const writer = this.attachment.connection?.writer;
    if (writer === undefined) return;
    this.#wait();
    writer.onDrain = () => {
      writer.onDrain = null;
      this.wake();
    };
  }

  #onViolation(error: unknown): void {
    if (!(error instanceof ProtocolError)) {
      const fault = new ProxyError('internal', 'internal error of the proxy', { severity: 'FATAL', cause: error });
      this.recorder.onFault(fault);
      return this.endWith(errorResponse(fault), 'internal error');
    }
    this.#isBroken = true;
    if (this.phase === 'copyIn') return breakCopy(this, this.reader.type);
    // Where PostgreSQL has lost its place it closes without a word.
    if (error.isSilent) return this.#leaveBroken();
    const violation = new ProxyError('protocolViolation', error.message, { sqlstate: error.sqlstate });
    this.#farewell = { error: errorResponse(violation), reason: error.message };
    this.attachment.held?.connection.send(flushFrame);
    this.onAnswered();
  }

  #leaveBroken(): void {
    if (this.#farewell !== null) return;
    if (this.openExchanges > 0) this.#wait();
    else if (!leaveBatch(this, 'endSending')) this.end('the client broke the protocol');
  }
}

const clientEnded = 'the client closed the connection';
/** A client that has closed its side may be gone altogether: it keeps its upstream for so long at most. */
const answerHalfClosedMs = 5000;
