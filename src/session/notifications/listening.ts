import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import { askUpstream } from '../../backend/postgres/own-query.js';
import type { PostgresUpstream } from '../../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { channelOf, type NotificationTaker } from '../../pool/notifications.js';
import { mayNotify } from '../../sql/may-notify.js';
import { quoteIdentifier } from '../../sql/quote.js';
import { errorResponse } from '../error-response.js';
import { readyFrame } from '../ready-frames.js';
import type { Session } from '../session.js';
import type { Run } from '../statements/run.js';
import type { Statement } from '../statements/statement.js';
import { everyChannel, PendingUnlistens } from './pending-unlistens.js';

/** Channels of one client; one that asks for more keeps its upstream. */
const channelsMax = 1000;
/** Notifications that wait until their client's transaction ends, or until it reads. */
const waitingBytesMax = 8 * 1024 * 1024;

// Names in any encoding, as ASCII. The UNLISTEN holds from the end of the text, as the SELECT has read it.
const takeChannelsSql = `SELECT pg_catalog.encode(pg_catalog.convert_to(
 (SELECT pg_catalog.json_agg(channel) FROM pg_catalog.pg_listening_channels() AS channel)::pg_catalog.text, 'UTF8'), 'base64');
UNLISTEN *`;

/** A LISTEN on its way: sent to the upstream, completed there, and committed. */
type ListenState = 'none' | 'sent' | 'completed' | 'committed';

/** Something is about to be sent. Followed from a client's first LISTEN on; `statement` is null where it isn't known. */
export function noteForListening(session: Session, statement: Statement | null): void {
  if (session.listening === null) {
    if (session.attachment.isForSession || !listens(statement)) return;
    session.listening = new Listening(session);
  }
  session.listening.onSent(statement);
}

function listens(statement: Statement | null): boolean {
  const { effect, statements } = statement?.effects ?? { effect: 'none', statements: null };
  return effect === 'unknown' && statements !== null && statements.some(({ command }) => command === 'listen');
}

/**
 * What a client listens on. Its LISTEN runs at the upstream that it has, like everything else; when its transaction is over
 * the channels are taken from there to the database's one listening connection, before the client's ReadyForQuery.
 * Notifications wait while the client has a transaction or an exchange under way, and come before its ReadyForQuery.
 */
export class Listening implements NotificationTaker {
  readonly #session: Session;
  readonly #channels = new Set<string>();
  readonly #unlistens = new PendingUnlistens();
  /** How far the LISTEN has come that is to be taken over; the first, where the transaction has several. */
  #listen: ListenState = 'none';
  /** Since the last time that no transaction was open. */
  #mayHaveNotified = false;
  #hasFailed = false;
  #isTakingOver = false;
  /** The client's ReadyForQuery has come and waits for something. */
  #isReadyWithheld = false;
  #lost: ProxyError | null = null;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  get hasChannels(): boolean {
    return this.#channels.size > 0;
  }

  /** What is sent behind a LISTEN or NOTIFY waits: other replies would come between it and what it leads to. */
  get isInTheWay(): boolean {
    const isAwaited = this.#listen !== 'none' || this.#isReadyWithheld || (this.#mayHaveNotified && this.hasChannels);
    return isAwaited && this.#session.openExchanges > 0;
  }

  onSent(statement: Statement | null): void {
    const { attachment } = this.#session;
    // What keeps its upstream anyway, or reads it in another encoding, listens there.
    const isUtf8 = attachment.connection?.parameters.get('client_encoding') === 'UTF8';
    if (listens(statement) && !attachment.isTied && isUtf8 && this.#listen === 'none') this.#listen = 'sent';
    if (statement === null || mayNotify(statement.text, statement.effects)) this.#mayHaveNotified = true;
  }

  onCompleted(run: Run, tag: string): void {
    const statement = run.statement?.effects.statements?.[run.completed];
    this.#unlistens.onCompleted(statement, tag);
    if (tag === 'LISTEN' && this.#listen === 'sent') this.#listen = 'completed';
    if (tag === 'COMMIT' && this.#listen === 'completed') this.#listen = 'committed';
  }

  onError(): void {
    this.#hasFailed = true;
  }

  /** Whether the client has a notification that an upstream sends from another place. */
  takesOver(buffer: Buffer, start: number): boolean {
    return this.#isTakingOver || this.#channels.has(channelOf(buffer, start));
  }

  /** A ReadyForQuery came. True: the client gets it later, from here. */
  onReady(status: number): boolean {
    const isIdle = status === transactionStatus.idle;
    if (isIdle && this.#hasFailed) this.#unlistens.abort();
    this.#hasFailed = false;
    const left = this.#unlistens.take(isIdle);
    const isSettled = isIdle && this.#session.attachment.connection?.queue.size === 0;
    if (isSettled && (this.#listen === 'completed' || this.#listen === 'committed')) return this.#takeOver(left);
    this.#leave(left);
    if (!isIdle) {
      if (this.#listen === 'committed') this.#stayNative();
      return false;
    }
    if (isSettled && this.#mayHaveNotified && this.hasChannels) return this.#awaitOwn();
    if (isSettled) this.forgetTransaction();
    // Behind a NOTIFY that is under way: what it brings must not come before its own reply.
    if (!this.#mayHaveNotified) this.flush();
    return false;
  }

  onNotification(frame: Buffer): void {
    const session = this.#session;
    this.#waitingBytes += frame.length;
    this.#waiting.push(frame);
    if (this.#waitingBytes <= waitingBytesMax) return this.flushIfIdle();
    const error = new ProxyError('tooManyNotifications', 'too many notifications wait for this client', {
      detail: 'They wait while it is in a transaction, and while it does not read.',
    });
    session.endWith(errorResponse(error), 'too many notifications');
  }

  onNotificationsLost(reason: ProxyError): void {
    this.#channels.clear();
    this.#lost = reason;
    if (!this.#session.isInTransaction) this.endIfLost();
  }

  /** What was missed can't be made up for, so the client has to begin anew, as with a connection of its own. */
  endIfLost(): void {
    if (this.#lost !== null) this.#session.endWith(errorResponse(this.#lost), 'the connection that listens was lost');
  }

  flushIfIdle(): void {
    if (!this.#session.isInTransaction && !this.#session.isClientFull) this.flush();
  }

  /** A shared lane has answered the client. */
  onReadAnswered(): void {
    this.flushIfIdle();
    if (!this.#session.isInTransaction) this.endIfLost();
  }

  /** Gives the client what has come for it. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const frame of waiting) this.#session.toClient(frame);
  }

  /** The transaction is over, or lost. */
  forgetTransaction(): void {
    this.#listen = 'none';
    this.#mayHaveNotified = false;
    this.#isReadyWithheld = false;
    this.#unlistens.abort();
  }

  /** The client has left. */
  end(): void {
    this.#waiting = [];
    this.#leave([everyChannel]);
  }

  #leave(channels: readonly string[], kept: readonly string[] = []): void {
    if (channels.length === 0) return;
    const isLeft = (channel: string) => channels.includes(channel) || channels.includes(everyChannel);
    const left = [...this.#channels].filter((channel) => isLeft(channel) && !kept.includes(channel));
    for (const channel of left) this.#channels.delete(channel);
    // As at the server, what has come for them in the meantime comes to nobody.
    this.#waiting = this.#waiting.filter((frame) => !left.includes(channelOf(frame, 0)));
    this.#waitingBytes = this.#waiting.reduce((bytes, frame) => bytes + frame.length, 0);
    this.#session.database.notifications.unsubscribe(this, left);
  }

  /** LISTEN was committed and another transaction has begun: the client is told before anything can be taken over. */
  #stayNative(): void {
    this.#listen = 'none';
    this.#session.attachment.noteUnknown();
  }

  /** What the client has notified itself of comes before its ReadyForQuery. */
  #awaitOwn(): true {
    const { attachment, database } = this.#session;
    const { connection } = attachment;
    this.forgetTransaction();
    this.#isReadyWithheld = true;
    database.notifications.roundTrip(() => this.#answerReady(connection));
    return true;
  }

  /** Takes the channels from the upstream, less those that the client's transaction has left. */
  #takeOver(left: readonly string[]): true {
    const { attachment, database } = this.#session;
    const connection = attachment.connection as PostgresUpstream;
    this.forgetTransaction();
    this.#isReadyWithheld = true;
    this.#isTakingOver = true;
    askUpstream(connection, takeChannelsSql, (answer) => {
      const channels = answer.kind === 'value' && answer.value !== null ? parseChannels(answer.value) : [];
      const onDone = (isDone: boolean) => {
        this.#leave(left, isDone ? channels : []);
        if (isDone) this.#answerTakenOver(connection, channels);
        else this.#giveBack(connection, channels);
      };
      const total = new Set([...this.#channels, ...channels]).size;
      if (answer.kind !== 'value' || channels.length === 0) onDone(true);
      else if (total > channelsMax) onDone(false);
      else database.notifications.subscribe(this, channels, onDone);
    });
    return true;
  }

  #answerTakenOver(connection: PostgresUpstream, channels: readonly string[]): void {
    for (const channel of channels) this.#channels.add(channel);
    if (this.#session.phase === 'closed') this.end();
    this.#answerReady(connection);
  }

  /** The channels can't be had elsewhere: so the client keeps its upstream, which the pool finds out by itself. */
  #giveBack(connection: PostgresUpstream, channels: readonly string[]): void {
    if (this.#session.attachment.connection !== connection) return;
    const sql = channels.map((channel) => `LISTEN ${quoteIdentifier(channel)}`).join(';');
    askUpstream(connection, sql, ({ kind }) => {
      if (kind === 'refused') connection.giveUp(new Error('the server does not listen any more'));
      this.#answerReady(connection);
    });
  }

  /** Unless the upstream was lost in the meantime: then the client has had its answer. */
  #answerReady(connection: PostgresUpstream | null): void {
    this.#isTakingOver = false;
    this.#isReadyWithheld = false;
    if (this.#session.attachment.connection !== connection || connection?.isLost !== false) return;
    this.flush();
    this.#session.toClient(readyFrame(transactionStatus.idle));
    this.#session.onReadyForQuery(transactionStatus.idle);
  }
}

function parseChannels(base64: string): readonly string[] {
  return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
}
