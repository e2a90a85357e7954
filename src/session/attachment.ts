import { transactionStatus } from '../../protocol/messages/ready-for-query.js';
import { askUpstream, tellUpstream } from '../backend/postgres/own-query.js';
import type { PostgresUpstream, ReplyOwner } from '../backend/postgres/postgres-upstream.js';
import type { Breaker } from '../breaker/breaker.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { Pool, Waiter } from '../pool/pool.js';
import type { PooledUpstream, UpstreamHolder } from '../pool/pooled-upstream.js';
import { restoreSql, type SessionSettings } from '../pool/session-settings.js';
import { probeSettings, probeState } from '../pool/state-probe.js';
import type { SessionEffects } from '../sql/session-effects.js';
import { tellReports } from './replies/reports.js';
import { ResetSettings } from './replies/reset-settings.js';

export interface AttachmentOptions {
  readonly pool: Pool;
  readonly breaker: Breaker;
  /** Takes the replies. */
  readonly owner: ReplyOwner;
  /** An upstream once taken is kept until the client leaves. */
  readonly isForSession: boolean;
  readonly startSettings: SessionSettings;
  /** See `SessionDeps.processId`. */
  readonly processId: number;
  /** Called when `acquire` may give another answer than before. */
  readonly wake: () => void;
  /**
   * Called before an upstream is used that another client had last. True: it must not be used until `onQuiet` is called;
   * false: it may be used at once.
   */
  readonly quieten: (onQuiet: () => void) => boolean;
}

/** Commands that may end what ties a session to its upstream. Otherwise they leave nothing behind. */
const untying: ReadonlySet<string> = new Set(['drop', 'close', 'discard temp']);

/** How long what a client left running may go on before its upstream is given up, milliseconds. */
const drainWithinMs = 1000;

/** One set for all: most sessions never change a setting. */
const noNames: ReadonlySet<string> = new Set();

function union(names: ReadonlySet<string>, others: Iterable<string>): ReadonlySet<string> {
  return new Set([...names, ...others]);
}

/**
 * A client's hold on an upstream: taken for an exchange or a transaction, given back when nothing of the client's is
 * left in the server's session, and kept where something is that can't be carried over.
 */
export class Attachment implements Waiter, UpstreamHolder {
  upstream: PooledUpstream | null = null;
  /** What the client's session has set; made on every upstream that it gets. */
  settings: SessionSettings;

  readonly #options: AttachmentOptions;
  #state: 'free' | 'queued' | 'preparing' | 'held' | 'heldBack' | 'settling' = 'free';
  #refusal: ProxyError | null = null;
  /** Settings that may have changed since the session's state was last known. */
  #changedNames: ReadonlySet<string> = noNames;
  /** Anything of the session's state may have changed since then. */
  #isUnknown = false;
  readonly #reset = new ResetSettings();
  /** The server's session holds what can't be carried over, as was found out last. */
  #isSticky = false;
  /** As `#isSticky`, but until the client leaves: the server can't be asked about it. */
  #isKept = false;
  #hasClientNames = false;
  /** Where the client drew numbers from sequences last, while nobody else has used it. */
  #drewAt: PooledUpstream | null = null;
  /** The client has left. */
  #isAbandoned = false;

  constructor(options: AttachmentOptions) {
    this.#options = options;
    this.settings = options.startSettings;
  }

  get preferred(): PooledUpstream | null {
    return this.#drewAt;
  }

  get processId(): number {
    return this.#options.processId;
  }

  /** What RESET comes back to. */
  get startSettings(): SessionSettings {
    return this.#options.startSettings;
  }

  get isForSession(): boolean {
    return this.#options.isForSession;
  }

  /** Whether the upstream has what the client prepares under the names that the client gives it. */
  get hasClientNames(): boolean {
    return this.isForSession || this.#hasClientNames;
  }

  get connection(): PostgresUpstream | null {
    return this.upstream?.connection ?? null;
  }

  /** The upstream, where something can be sent to it now. */
  get held(): PooledUpstream | null {
    return this.#state === 'held' ? this.upstream : null;
  }

  /** Whether anything that is sent now comes behind something of this client's that isn't finished. */
  get isBusy(): boolean {
    const connection = this.connection;
    return this.#state === 'held' && connection !== null && !connection.isIdle;
  }

  /** Whether the upstream has something of the client's session that no other one can be given. */
  get isTied(): boolean {
    return this.#isSticky || this.#isKept;
  }

  /** Whether more than a statement is lost with the upstream: something of the session, or something may be. */
  get isAtStake(): boolean {
    return this.isTied || this.#isUnknown;
  }

  /**
   * A cancel request for what has ended is still on its way to the upstream, where it would hit what comes next: so
   * nothing of the client is taken until it has arrived.
   */
  get isHeldBack(): boolean {
    return this.#state === 'heldBack';
  }

  /** Neither has an upstream nor waits for one. */
  get isFree(): boolean {
    return this.#state === 'free' && this.#refusal === null;
  }

  /** Whether something of the client waits for an upstream, or for one to be made ready. */
  get isWaiting(): boolean {
    return this.#state === 'queued' || this.#state === 'preparing';
  }

  /** An upstream to send to, a reason why there is none, or null: `wake` will be called. */
  acquire(): PooledUpstream | ProxyError | null {
    if (this.#state === 'preparing') return null;
    if (this.#refusal !== null) return this.#takeRefusal();
    if (this.#state === 'held') return this.upstream;
    if (this.#state !== 'free') return null;
    if (this.#options.breaker.isOpen()) return this.#options.breaker.refusal();
    this.#state = 'queued';
    const upstream = this.#options.pool.checkout(this, this.settings.key);
    if (upstream !== null) this.#take(upstream);
    return this.held ?? this.#takeRefusal();
  }

  onUpstream(upstream: PooledUpstream): void {
    this.#take(upstream);
    if (this.#state === 'held') this.#options.wake();
  }

  onRefused(error: ProxyError): void {
    this.#state = 'free';
    this.#refusal = error;
    this.#options.wake();
  }

  /** Gives up waiting, for the reason given. */
  stopWaiting(reason: ProxyError): void {
    // What makes the upstream ready is at the server, so it is waited for.
    if (this.#state === 'preparing') this.#refusal = reason;
    if (this.#state !== 'queued') return;
    this.#options.pool.stopWaiting(this);
    this.onRefused(reason);
  }

  /** Something is about to run that does this to the session. */
  noteEffects({ effect: strongest, statements, drawsNumbers, staysBehind }: SessionEffects): void {
    if (drawsNumbers) this.#drawNumbers();
    if (staysBehind) this.#spend();
    // Nearly every statement leaves nothing behind.
    if ((strongest === 'none' || strongest === 'local') && !this.#isSticky) return;
    if (strongest === 'unknown') this.#isUnknown = true;
    for (const { command, effect, names } of statements ?? []) {
      if (this.#isSticky && untying.has(command)) this.#isUnknown = true;
      if (effect === 'none' || effect === 'local') continue;
      const isResetAll = effect === 'reset' && names.length === 0;
      if (isResetAll) this.#isUnknown = true;
      if (effect === 'reset') this.#noteReset(isResetAll ? this.#options.startSettings.values.keys() : names);
      this.#changedNames = union(this.#changedNames, names);
    }
  }

  noteUnknown(): void {
    this.#isUnknown = true;
  }

  /** From now on the upstream is kept: something was done that can't be carried over, nor asked about. */
  keep(): void {
    this.#isKept = true;
  }

  /** From now on the upstream is kept, and has the client's own names. */
  keepNames(): void {
    this.#isKept = true;
    this.#hasClientNames = true;
  }

  /**
   * currval() and lastval() are about to be called: they tell of the client's own numbers, or that there are none, and
   * not of those that others have drawn here.
   * @param isMidBatch nothing of ours can be sent
   */
  seeNumbers(isMidBatch: boolean): void {
    const { upstream } = this;
    if (upstream === null || this.isForSession) return;
    this.#options.pool.isAskedForNumbers = true;
    this.#isKept = true;
    if (this.#drewAt === upstream || isMidBatch || upstream.connection.status === transactionStatus.failed) return;
    this.#drewAt = upstream;
    tellUpstream(upstream.connection, 'DISCARD SEQUENCES', () => {});
  }

  #spend(): void {
    this.#isKept = true;
    if (this.upstream !== null) this.upstream.isSpent = true;
  }

  #drawNumbers(): void {
    this.#drewAt = this.upstream;
    if (this.#options.pool.isAskedForNumbers) this.#isKept = true;
  }

  /**
   * Every exchange so far is answered. Gives the upstream back if the client's session leaves nothing in it. `status`
   * is that of the last ReadyForQuery.
   */
  settle(status: number): void {
    const { upstream } = this;
    if (upstream === null || this.#state !== 'held') return;
    if (this.#isAbandoned) return this.reclaim();
    const isIdle = status === transactionStatus.idle;
    const { changedParameters } = upstream.connection;
    if (isIdle && changedParameters.size > 0) this.#noteReported(changedParameters);
    if (isIdle && this.#isWithoutTrace) return this.#release(upstream);
    if (upstream.cancelsUnderWay > 0) this.#state = 'heldBack';
    else if (this.restore(status, () => this.#settleIfIdle())) return;
    else if (isIdle && this.isForSession) this.#tieIfChanged();
    else if (isIdle && this.#isUnknown) this.#learnState(upstream);
    else if (isIdle && this.#changedNames.size > 0) this.#learnSettings(upstream);
  }

  /** Settings of the client's start-up were reset, and are the upstream's. */
  get isReset(): boolean {
    return this.#reset.size > 0;
  }

  /** Whether the client isn't told of a setting that the server reports, until it is restored. */
  keepsReport(name: string): boolean {
    return this.#reset.has(name);
  }

  /**
   * RESET goes back to what the client started with, not to what the upstream did. `status` is that of the last
   * ReadyForQuery. False: there is nothing to restore, or not now.
   */
  restore(status: number, onDone: () => void): boolean {
    const { upstream } = this;
    if (!this.isReset || upstream === null || this.#state !== 'held') return false;
    const { connection, cancelsUnderWay } = upstream;
    // What was reset may be behind what is answered.
    if (status === transactionStatus.failed || cancelsUnderWay > 0 || connection.queue.size > 0) return false;
    const { names } = this.#reset;
    const { values } = this.#options.startSettings;
    this.#changedNames = union(this.#changedNames, names);
    tellUpstream(connection, restoreSql(names.map((name) => [name, values.get(name) ?? ''] as const)), () => {
      if (connection.isLost) return;
      tellReports(this.#options.owner, this.#reset.clear(connection.parameters));
      onDone();
    });
    return true;
  }

  /** A cancel request has arrived at the upstream. */
  onCancelArrived(): void {
    const { upstream } = this;
    if (this.#state !== 'heldBack' || upstream === null || upstream.cancelsUnderWay > 0) return;
    this.#state = 'held';
    this.settle(upstream.connection.status);
    this.#options.wake();
  }

  /** The upstream is gone. */
  lose(): void {
    this.upstream = null;
    this.#state = 'free';
    this.#forgetChanges();
  }

  /**
   * The client left. What it sent whole is finished as by a server whose client is gone; a batch or copy without an
   * end, or a transaction, is rolled back.
   */
  leave(isMidBatch: boolean): void {
    const { upstream } = this;
    this.#isAbandoned = true;
    if (this.#state === 'queued') this.#options.pool.stopWaiting(this);
    // A question of ours or a cancel request is under way: `#settled`, `#giveUp` or `onCancelArrived` comes.
    if (upstream === null || this.#state !== 'held') return;
    const { connection } = upstream;
    connection.resume();
    // Without its Sync a batch must not be committed: a server that reads Terminate instead rolls it back.
    if (isMidBatch || connection.queue.isSkipping) return connection.close();
    if (connection.queue.size === 0) return this.reclaim();
    setTimeout(() => {
      if (this.upstream === upstream) connection.close();
    }, drainWithinMs).unref();
  }

  /** Gives back the upstream of a client that left. */
  reclaim(): void {
    const { upstream } = this;
    if (upstream === null) return;
    const isClean = this.#isWithoutTrace;
    this.upstream = null;
    this.#state = 'free';
    if (isClean && upstream.connection.isIdle) this.#options.pool.release(upstream);
    else this.#options.pool.reclaim(upstream);
  }

  /** Whether the client's session has left nothing in the server's that isn't known and can't be made elsewhere. */
  get #isWithoutTrace(): boolean {
    const isFollowed = !this.isForSession && !this.#isSticky && !this.#isKept;
    return isFollowed && !this.#isUnknown && this.#changedNames.size === 0;
  }

  #takeRefusal(): ProxyError | null {
    const refusal = this.#refusal;
    this.#refusal = null;
    return refusal;
  }

  #take(upstream: PooledUpstream): void {
    this.upstream = upstream;
    upstream.connection.attached = this.#options.owner;
    upstream.connection.changedParameters.clear();
    const sql = upstream.sqlToBecome(this.settings, this);
    if (sql === null) return this.#hold(upstream);
    // Not pipelined: were it refused, what follows would run with another client's settings.
    this.#state = 'preparing';
    askUpstream(upstream.connection, sql, (answer) => {
      if (answer.kind === 'value') {
        upstream.became(this.settings, this);
        upstream.connection.changedParameters.clear();
        this.#hold(upstream);
        if (this.#state === 'held') this.#goOn();
        return;
      }
      if (this.upstream === upstream) this.lose();
      upstream.connection.destroy();
      const said = answer.kind === 'refused' ? answer.error : null;
      this.onRefused(
        new ProxyError('upstreamLost', said?.message ?? 'the server closed the connection unexpectedly', {
          sqlstate: said?.sqlstate,
          detail: 'The settings of the session could not be made on another connection.',
        }),
      );
    });
  }

  #hold(upstream: PooledUpstream): void {
    const isAnothers = upstream.lastHolder !== this;
    if (isAnothers && this.#drewAt === upstream) this.#drewAt = null;
    if (!isAnothers || !this.#options.quieten(() => this.#onQuiet(upstream))) return this.#begin(upstream);
    this.#state = 'preparing';
    // Nothing of the client's is there yet that could be lost, and what it notifies of is the last holder's.
    upstream.connection.attached = null;
  }

  #begin(upstream: PooledUpstream): void {
    this.#state = 'held';
    upstream.lastHolder = this;
    upstream.connection.attached = this.#options.owner;
  }

  #onQuiet(upstream: PooledUpstream): void {
    if (upstream.connection.isLost) this.lose();
    else this.#begin(upstream);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#isAbandoned) return this.reclaim();
    // What the upstream was taken for doesn't run.
    if (this.#refusal !== null && this.upstream !== null && this.#isWithoutTrace) this.#release(this.upstream);
    this.#options.wake();
  }

  /** What a session that keeps its upstream sets isn't followed, so it is lost with it. */
  #tieIfChanged(): void {
    if (this.#isUnknown || this.#changedNames.size > 0) this.#isSticky = true;
  }

  #release(upstream: PooledUpstream): void {
    this.upstream = null;
    this.#state = 'free';
    this.#options.pool.release(upstream);
  }

  #noteReset(names: Iterable<string>): void {
    const { values } = this.#options.startSettings;
    const own = [...names].filter((name) => values.has(name));
    this.#reset.add(own, this.connection?.parameters ?? values);
  }

  /** The server has reported a change that no statement was seen to make: a trigger made it, or an operator. */
  #noteReported(changed: Map<string, unknown>): void {
    for (const name of changed.keys()) if (!this.#changedNames.has(name.toLowerCase())) this.#isUnknown = true;
    changed.clear();
  }

  #settleIfIdle(): void {
    const connection = this.connection;
    if (connection?.queue.size === 0) this.settle(connection.status);
    this.#options.wake();
  }

  #learnSettings(upstream: PooledUpstream): void {
    this.#state = 'settling';
    probeSettings(upstream, [...this.#changedNames], (values) => {
      if (values === null) return this.#giveUp(upstream);
      if (values.values.size < this.#changedNames.size) upstream.touchedBy = this;
      upstream.settings = upstream.settings.with(values);
      this.settings = upstream.settings;
      this.#settled(upstream);
    });
  }

  #learnState(upstream: PooledUpstream): void {
    this.#state = 'settling';
    const names = [...this.settings.values.keys(), ...upstream.settings.values.keys(), ...this.#changedNames];
    probeState(upstream, names, (state) => {
      if (state === null) return this.#giveUp(upstream);
      upstream.touchedBy = this;
      upstream.settings = state.settings;
      this.settings = this.#options.startSettings.with(state.settings);
      this.#isSticky = state.isSticky;
      this.#settled(upstream);
    });
  }

  #settled(upstream: PooledUpstream): void {
    this.#forgetChanges();
    this.#state = 'held';
    if (this.#isAbandoned) return this.reclaim();
    if (!this.#isSticky && !this.#isKept) this.#release(upstream);
    this.#options.wake();
  }

  /** The server wouldn't say what state the session is in: so it stays this client's. */
  #giveUp(upstream: PooledUpstream): void {
    if (upstream.connection.isLost) return;
    this.#isKept = true;
    this.#state = 'held';
    this.#goOn();
  }

  #forgetChanges(): void {
    this.#changedNames = noNames;
    this.#isUnknown = false;
  }
}
