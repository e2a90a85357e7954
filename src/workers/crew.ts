import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.js';
import type { Listening } from '../daemon/daemon.js';
import { ProxyError } from '../errors/proxy-error.js';
import { Channel } from './channel.js';
import {
  type FromWorker,
  messagesVersion,
  type PrimaryQuestion,
  type ToWorker,
  type WorkerQuestion,
  type WorkerReport,
} from './messages.js';
import { workersMax } from './process-numbers.js';

/** How long a worker may take to be ready, milliseconds; else it is ended. */
const readyWithinMs = 30_000;
/** How long one may take to stop: what its clients have, and then some. */
const stopWithinMs = 45_000;

/** One worker, as the primary sees it. */
export interface Member {
  readonly number: number;
  readonly pid: number;
  readonly startedAt: Date;
  readonly channel: Channel<ToWorker, PrimaryQuestion, FromWorker, WorkerQuestion>;
  /** Resolves when the process has ended, with how: an exit code or a signal's name. */
  readonly ended: Promise<string>;
  state: 'starting' | 'ready' | 'draining';
  listening: Listening | null;
  /** The last one that came. */
  report: WorkerReport | null;
  kill(): void;
}

export interface CrewOptions {
  /** What the log is written to is a terminal. */
  readonly isTerminal: boolean;
  readonly onTold: (member: Member, message: FromWorker) => void;
  readonly onAsked: (member: Member, question: WorkerQuestion) => unknown;
  /** Its process has ended, whatever the reason. */
  readonly onEnd: (member: Member, how: string) => void;
}

/** When a worker begins to listen: first of all, beside those that listen already, or when the first one does. */
type Turn = 'first' | 'joins' | Promise<unknown>;

/** The workers that live now: starts them, and lets them go. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #members = new Map<number, Member>();
  #lastNumber = -1;

  constructor(options: CrewOptions) {
    this.#options = options;
    // Handing each connection over (SCHED_RR) costs a worker more than accepting it: 1,230 connections a second
    // against 3,900 with two workers on two cores.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    const exec = fileURLToPath(new URL('./worker-process.js', import.meta.url));
    cluster.setupPrimary({ exec, args: [], serialization: 'advanced' });
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  member(number: number): Member | undefined {
    return this.#members.get(number);
  }

  /**
   * Starts one more worker. Resolves when it takes clients.
   *
   * @throws ProxyError, when it can't; it has ended then, or is about to
   */
  async hire(config: Config, turn: Turn): Promise<Member> {
    let failure: ProxyError | null = null;
    let onReady = () => {};
    const ready = new Promise<true>((resolve) => {
      onReady = () => resolve(true);
    });
    const onTold = (member: Member, message: FromWorker): void => {
      switch (message.kind) {
        case 'hello':
          if (message.version === messagesVersion) return void this.#tellStart(member, config, turn);
          failure = otherVersion();
          return member.kill();
        case 'ready':
          member.listening = message.listening;
          member.state = 'ready';
          return onReady();
        case 'failed':
          failure = new ProxyError(message.code, message.message, { hint: message.hint });
          return;
        default:
          this.#options.onTold(member, message);
      }
    };
    const member = this.#start(onTold);
    const timer = setTimeout(() => member.kill(), readyWithinMs);
    const isReady = await Promise.race([ready, member.ended]);
    clearTimeout(timer);
    if (isReady === true) return member;
    throw failure ?? new ProxyError('internal', `a worker ended before it took clients: ${isReady}`);
  }

  /** Has a worker let its clients finish, and end. */
  async dismiss(member: Member, { isReplaced } = { isReplaced: false }): Promise<void> {
    member.state = 'draining';
    member.channel.tell({ kind: 'stop', isReplaced });
    const timer = setTimeout(() => member.kill(), stopWithinMs);
    await member.ended;
    clearTimeout(timer);
  }

  /** Tells a worker that has said hello what it is to do, when it is its turn; where the first one fails it ends, too. */
  async #tellStart({ number, channel, kill }: Member, config: Config, turn: Turn): Promise<void> {
    const { isTerminal } = this.#options;
    try {
      await turn;
    } catch {
      return kill();
    }
    channel.tell({ kind: 'start', number, config, isJoining: turn !== 'first', isTerminal });
  }

  #start(onTold: (member: Member, message: FromWorker) => void): Member {
    const forked = cluster.fork();
    const ended = endOf(forked);
    const member: Member = {
      number: this.#freeNumber(),
      pid: forked.process.pid ?? 0,
      startedAt: new Date(),
      channel: new Channel(forked, {
        onTold: (message: FromWorker) => onTold(member, message),
        onAsked: (question: WorkerQuestion) => this.#options.onAsked(member, question),
      }),
      ended,
      state: 'starting',
      listening: null,
      report: null,
      kill: () => forked.process.kill('SIGKILL'),
    };
    this.#members.set(member.number, member);
    void ended.then((how) => {
      this.#members.delete(member.number);
      this.#options.onEnd(member, how);
    });
    return member;
  }

  /** Not the one that was free last: a cancel request may still be under way to who had it. */
  #freeNumber(): number {
    do this.#lastNumber = (this.#lastNumber + 1) % workersMax;
    while (this.#members.has(this.#lastNumber));
    return this.#lastNumber;
  }
}

function endOf(forked: ClusterWorker): Promise<string> {
  return new Promise((resolve) => {
    forked.on('error', () => {});
    forked.once('exit', (code, signal) => resolve(signal || `exit code ${code}`));
  });
}

function otherVersion(): ProxyError {
  return new ProxyError('internal', 'the program on the disk is of a version that the running one can not start', {
    hint: 'Stop the daemon and start it again.',
  });
}
