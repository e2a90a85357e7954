import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { ProxyError } from '../errors/proxy-error.js';
import type { Signal } from './databases/siblings.js';
import type { Session } from './session.js';

/** Bytes of a cancel key: what protocol 3.0 has room for, and what PostgreSQL 18 gives with 3.2. */
const keyBytes = { 0: 4, 2: 32 } as const;

/** The error of a statement that its client has cancelled before it ran anywhere. */
export const canceled = () => new ProxyError('queryCanceled', 'canceling statement due to user request');

/**
 * The largest process id of a server process (PID_MAX_LIMIT of Linux). Ours are larger: a client tells its own
 * notifications by the process id, so none may be that of a server process.
 */
export const serverProcessIdMax = 2 ** 22;

/** The process ids that one process may give out: of several, each has its own. */
export interface ProcessIds {
  readonly first: number;
  readonly count: number;
}

export const anyProcessId: ProcessIds = {
  first: serverProcessIdMax + 1,
  count: 0x7fffffff - serverProcessIdMax - 1,
};

/** The keys by which clients cancel what they run: made up by us, since upstreams change hands. */
export class CancelKeys {
  readonly #holders = new Map<number, { readonly secretKey: Buffer; session: Session | null }>();
  readonly #cancelUpstream: (session: Session) => Promise<void>;
  readonly #ids: ProcessIds;
  readonly #signalElsewhere: (signal: Signal) => Promise<boolean>;
  /** Requests on their way to an upstream, at most one for each session. */
  readonly #underWay = new Map<Session, Promise<void>>();
  /** Those that wait until the one under way has arrived, again at most one for each session. */
  readonly #behind = new Map<Session, Promise<void>>();

  /** `cancelUpstream` sends a cancel request to the upstream that the session holds, and resolves when it has arrived. */
  constructor(
    cancelUpstream: (session: Session) => Promise<void>,
    ids: ProcessIds = anyProcessId,
    signalElsewhere: (signal: Signal) => Promise<boolean> = async () => false,
  ) {
    this.#cancelUpstream = cancelUpstream;
    this.#ids = ids;
    this.#signalElsewhere = signalElsewhere;
  }

  /** A key for a session that is about to start. */
  issue(protocolMinor: 0 | 2): { readonly processId: number; readonly secretKey: Buffer } {
    let processId = this.#anyId();
    while (this.#holders.has(processId)) processId = this.#anyId();
    const secretKey = randomBytes(keyBytes[protocolMinor]);
    this.#holders.set(processId, { secretKey, session: null });
    return { processId, secretKey };
  }

  /** Whether the key of such an id would be one of ours. */
  issues(processId: number): boolean {
    return processId >= this.#ids.first && processId < this.#ids.first + this.#ids.count;
  }

  assign(processId: number, session: Session): void {
    const holder = this.#holders.get(processId);
    if (holder !== undefined) holder.session = session;
  }

  /**
   * Does what somebody wants of the client that was told a process id; `by` is null where another process passes it on.
   * Gives whether there is such a client, of the same database and account.
   */
  signal(wanted: Signal, by: Session | null): boolean | Promise<boolean> {
    const { signal, processId, tenant, database, upstreamUser } = wanted;
    if (!this.issues(processId)) return by !== null && processId > serverProcessIdMax && this.#signalElsewhere(wanted);
    const target = this.#holders.get(processId)?.session ?? null;
    const { database: its } = target ?? {};
    if (target === null || its?.tenant !== tenant || its.name !== database || its.upstreamUser !== upstreamUser)
      return false;
    if (signal === 'terminate') target.terminate(by);
    else void this.cancelSession(target);
    return true;
  }

  revoke(processId: number): void {
    this.#holders.delete(processId);
  }

  /**
   * Cancels what the key's client runs at this moment; a client that runs nothing isn't touched. Resolves when that is
   * done; with false where nobody has the key.
   */
  async cancel(processId: number, secretKey: Buffer): Promise<boolean> {
    const holder = this.#holders.get(processId);
    if (holder === undefined || holder.secretKey.length !== secretKey.length) return false;
    if (!timingSafeEqual(holder.secretKey, secretKey)) return false;
    const { session } = holder;
    session?.inParts?.cancel();
    if (session !== null) await this.cancelSession(session);
    return true;
  }

  async cancelSession(session: Session): Promise<void> {
    const { attachment, reads } = session;
    if (reads.cancelWaiting()) return;
    if (attachment.isWaiting) {
      attachment.stopWaiting(canceled());
    } else if (session.runningRequest !== undefined) {
      await (this.#waitBehind(session) ?? this.#send(session));
    }
  }

  #anyId(): number {
    return this.#ids.first + randomInt(this.#ids.count);
  }

  #send(session: Session): Promise<void> {
    const sent = this.#cancelUpstream(session).finally(() => this.#underWay.delete(session));
    this.#underWay.set(session, sent);
    return sent;
  }

  /** However many requests come while one is on its way: one more follows, and only for what was running when it came. */
  #waitBehind(session: Session): Promise<void> | undefined {
    const running = session.runningRequest;
    const isRunning = () => session.runningRequest === running;
    const behind =
      this.#behind.get(session) ??
      this.#underWay.get(session)?.then(() => {
        this.#behind.delete(session);
        if (isRunning()) return this.#send(session);
      });
    if (behind !== undefined) this.#behind.set(session, behind);
    return behind;
  }
}
