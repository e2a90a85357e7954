import { backend } from '../../protocol/message-types.js';
import { askUpstream, type OwnAnswer } from '../backend/postgres/own-query.js';
import type { PostgresUpstream, ReplyOwner, UpstreamLoss } from '../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../errors/proxy-error.js';
import { quoteIdentifier } from '../sql/quote.js';

/** A client's session, as far as it listens. */
export interface NotificationTaker {
  /** `frame` is the NotificationResponse, for all who listen: not to be written to. */
  onNotification(frame: Buffer): void;
  /** The connection is gone, and with it what was notified since. */
  onNotificationsLost(reason: ProxyError): void;
}

export interface NotificationsDeps {
  /** Opens a connection whose client encoding is UTF8. */
  readonly connect: () => Promise<PostgresUpstream>;
  /** What clients know a server process by; null: as it is. */
  readonly toldProcessId: (processId: number) => number | null;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** Channels that the clients of a database listen on together; the client that asks for more keeps its upstream. */
const channelsMax = 10_000;
/** After so long without a word from the server it is asked for one, or the connection closed if nobody needs it. */
const quietMs = 30_000;

/** The connection may say nothing for hours, and the server must not end it for that. Before PostgreSQL 14 there is no such setting. */
const openingSql = `SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
 WHERE name OPERATOR(pg_catalog.=) 'idle_session_timeout'`;

interface Request {
  /** Null: a round trip is all that is asked for. */
  readonly taker: NotificationTaker | null;
  readonly channels: readonly string[];
  readonly onDone: (isDone: boolean) => void;
}

/**
 * Listens for all clients of a database over one connection, and hands each notification to those who asked for its
 * channel, in the order of the commits. Requests are collected into rounds, one at a time: a server has sent everything
 * that was committed before a round when it answers it, so a round also tells when that has come in.
 */
export class Notifications {
  readonly #deps: NotificationsDeps;
  readonly #takers = new Map<string, Set<NotificationTaker>>();
  /** What the server has been told to listen on. */
  readonly #listened = new Set<string>();
  readonly #owner: ReplyOwner = {
    onAsync: (type, buffer, start, end) => this.#onAsync(type, buffer, start, end),
    onLost: (loss, connection) => this.#onLost(loss, connection),
    onReply() {},
    onBytes() {},
    onTurn() {},
    onSkipped() {},
  };
  #connection: PostgresUpstream | null = null;
  #waiting: Request[] = [];
  #underWay: readonly Request[] = [];
  #isBusy = false;
  #heardAt = 0;
  #closedBy: ProxyError | null = null;

  constructor(deps: NotificationsDeps) {
    this.#deps = deps;
  }

  get isOpen(): boolean {
    return this.#connection !== null || this.#isBusy;
  }

  /** From the moment of `onDone(true)` the taker gets what is notified on these channels. With false nothing is changed. */
  subscribe(taker: NotificationTaker, channels: readonly string[], onDone: Request['onDone']): void {
    const added = channels.filter((channel) => !this.#takers.has(channel)).length;
    if (this.#takers.size + added > channelsMax) return onDone(false);
    this.#request({ taker, channels, onDone });
  }

  unsubscribe(taker: NotificationTaker, channels: Iterable<string>): void {
    for (const channel of channels) {
      const takers = this.#takers.get(channel);
      takers?.delete(taker);
      if (takers?.size === 0) this.#takers.delete(channel);
    }
    this.#goOn();
  }

  /** `onDone` is called when everything has come in that was notified before; with false when that can't be told. */
  roundTrip(onDone: Request['onDone']): void {
    this.#request({ taker: null, channels: [], onDone });
  }

  /** To be called every so often. */
  sweep(): void {
    if (this.#connection === null || this.#isBusy || this.#deps.now() - this.#heardAt < quietMs) return;
    if (this.#takers.size === 0) this.#connection.close();
    else this.roundTrip(() => {});
  }

  /** Takes the connection from all who listen. The next one to listen opens another. */
  close(reason: ProxyError): void {
    this.#closedBy = reason;
    this.#connection?.close();
    if (!this.#isBusy) this.#closedBy = null;
  }

  #request(request: Request): void {
    this.#waiting.push(request);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#isBusy) return;
    if (this.#connection !== null) this.#ask(this.#connection);
    else if (this.#waiting.length > 0) void this.#open();
  }

  async #open(): Promise<void> {
    this.#isBusy = true;
    try {
      const connection = await this.#deps.connect();
      connection.attached = this.#owner;
      this.#connection = connection;
      if (this.#closedBy !== null || connection.isLost) return connection.close();
      askUpstream(connection, openingSql, (answer) => this.#onAnswer(connection, answer));
    } catch {
      this.#fail();
    }
  }

  #ask(connection: PostgresUpstream): void {
    const wanted = new Set(this.#takers.keys());
    for (const { channels } of this.#waiting) for (const channel of channels) wanted.add(channel);
    const added = [...wanted].filter((channel) => !this.#listened.has(channel));
    const dropped = [...this.#listened].filter((channel) => !wanted.has(channel));
    if (this.#waiting.length + dropped.length === 0) return;
    this.#isBusy = true;
    this.#underWay = this.#waiting.splice(0);
    const statements = [
      ...added.map((channel) => `LISTEN ${quoteIdentifier(channel)}`),
      ...dropped.map((channel) => `UNLISTEN ${quoteIdentifier(channel)}`),
    ];
    askUpstream(connection, statements.join(';'), (answer) => {
      for (const channel of answer.kind === 'value' ? dropped : []) this.#listened.delete(channel);
      for (const channel of answer.kind === 'value' ? added : []) this.#listened.add(channel);
      this.#onAnswer(connection, answer);
    });
  }

  #onAnswer(connection: PostgresUpstream, { kind }: OwnAnswer): void {
    if (kind === 'lost') return;
    this.#heardAt = this.#deps.now();
    this.#isBusy = false;
    const answered = this.#underWay;
    this.#underWay = [];
    for (const { taker, channels } of kind === 'value' ? answered : []) {
      if (taker !== null) for (const channel of channels) this.#enter(taker, channel);
    }
    for (const { onDone } of answered) onDone(kind === 'value');
    if (this.#connection === connection) this.#goOn();
  }

  #enter(taker: NotificationTaker, channel: string): void {
    const takers = this.#takers.get(channel);
    if (takers === undefined) this.#takers.set(channel, new Set([taker]));
    else takers.add(taker);
  }

  #onAsync(type: number, buffer: Buffer, start: number, end: number): void {
    if (type !== backend.NotificationResponse) return;
    this.#heardAt = this.#deps.now();
    const takers = this.#takers.get(channelOf(buffer, start));
    if (takers === undefined) return;
    const frame = Buffer.from(buffer.subarray(start, end));
    signNotification(frame, 0, this.#deps.toldProcessId);
    for (const taker of [...takers]) taker.onNotification(frame);
  }

  #onLost({ lastWords }: UpstreamLoss, connection: PostgresUpstream): void {
    if (this.#connection !== connection) return;
    const reason =
      this.#closedBy ??
      new ProxyError('notificationsLost', lastWords?.message ?? 'server closed the connection unexpectedly', {
        sqlstate: lastWords?.sqlstate,
        detail: 'Notifications may have been missed.',
      });
    this.#connection = null;
    this.#listened.clear();
    const takers = new Set([...this.#takers.values()].flatMap((each) => [...each]));
    this.#takers.clear();
    this.#fail();
    for (const taker of takers) taker.onNotificationsLost(reason);
  }

  /** There is no connection, and what was asked of it won't be done. */
  #fail(): void {
    this.#isBusy = false;
    this.#closedBy = null;
    const requests = [...this.#underWay, ...this.#waiting.splice(0)];
    this.#underWay = [];
    for (const { onDone } of requests) onDone(false);
  }
}

/** A client tells its own notifications by the server process that sent them: it knows that one by our name for it. */
export function signNotification(buffer: Buffer, start: number, told: NotificationsDeps['toldProcessId']): void {
  const processId = told(buffer.readInt32BE(start + 5));
  if (processId !== null) buffer.writeInt32BE(processId, start + 5);
}

/** The channel of a NotificationResponse. */
export function channelOf(buffer: Buffer, start: number): string {
  return buffer.toString('utf8', start + 9, buffer.indexOf(0, start + 9));
}
