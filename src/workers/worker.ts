import type { StatusReport } from '../admin/daemon-view.js';
import { Appender } from '../audit/appender.js';
import { AuditLog, bufferedBytesMax } from '../audit/audit-log.js';
import type { Config } from '../config/config.js';
import type { Daemon, Usage } from '../daemon/daemon.js';
import { ProxyError } from '../errors/proxy-error.js';
import { startDaemon } from '../main.js';
import type { Siblings } from '../session/databases/siblings.js';
import { createLog, type Log } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { takeSnapshot } from '../telemetry/metrics-snapshot.js';
import { Channel, type ChannelEnd } from './channel.js';
import {
  type CancelQuestion,
  cancelWithinMs,
  type FromWorker,
  messagesVersion,
  type Prepared,
  type PrimaryQuestion,
  type SignalQuestion,
  type StartMessage,
  type ToWorker,
  usageEveryMs,
  type WorkerQuestion,
  type WorkerReport,
} from './messages.js';
import { passedFile } from './passed-file.js';
import { PendingReload } from './pending-reload.js';
import { processIdsOf } from './process-numbers.js';
import { ShareDesk } from './share-desk.js';
import { isSameUsage } from './usage-board.js';

export type WorkerChannel = Channel<FromWorker, WorkerQuestion, ToWorker, PrimaryQuestion>;

/** One of several processes that serve the same port: a daemon whose file, log and limits are the primary's. */
export class Worker {
  readonly #channel: WorkerChannel;
  readonly #metrics = new Metrics();
  readonly #shares: ShareDesk;
  readonly #onEnd: (exitCode: number) => void;
  readonly #passed = { written: 0, lost: 0 };
  #daemon: Daemon | null = null;
  #told: Usage = { clients: 0, databases: new Map() };
  #teller: NodeJS.Timeout | undefined;
  readonly #reload = new PendingReload();

  /** @param onEnd called once, when nothing is left to be done */
  constructor(end: ChannelEnd, onEnd: (exitCode: number) => void) {
    this.#onEnd = onEnd;
    this.#channel = new Channel(end, {
      onTold: (message) => this.#onTold(message),
      onAsked: (question) => this.#onAsked(question),
    });
    this.#shares = new ShareDesk(this.#channel);
    // What was passed on is counted where it is written.
    this.#metrics.onScrape(() => {
      this.#metrics.auditEvents.lost = this.#passed.lost;
    });
    this.#channel.tell({ kind: 'hello', version: messagesVersion });
  }

  #onTold(message: ToWorker): void {
    switch (message.kind) {
      case 'start':
        return void this.#start(message);
      case 'commit':
        return this.#reload.commit();
      case 'abandon':
        return this.#reload.abandon();
      case 'grant':
        return this.#shares.onGranted(message);
      case 'recall':
        return this.#shares.onRecalled(message);
      case 'elsewhere':
        return this.#daemon?.siblingCalls.learnUsage(message.usage);
      case 'breaker':
        return this.#daemon?.siblingCalls.followBreaker(message.turn);
      case 'left':
        return this.#daemon?.siblingCalls.leave(message.left);
      case 'failure':
        return this.#daemon?.siblingCalls.learnFailure(message.failure);
      case 'stop':
        return void this.#stop(message.isReplaced);
    }
  }

  #onAsked(question: PrimaryQuestion): unknown {
    switch (question.kind) {
      case 'prepare':
        return this.#prepare(question.config);
      case 'report':
        return this.#report();
      case 'cancel':
        return this.#daemon?.siblingCalls.cancel(question.processId, Buffer.from(question.secretKey)) ?? false;
      case 'signal':
        return this.#daemon?.siblingCalls.signal(question) ?? false;
    }
  }

  async #start(message: StartMessage): Promise<void> {
    const { config } = message;
    const output = {
      write: (line: string) => this.#channel.tellIfItCan({ kind: 'log', line }),
      isTTY: message.isTerminal,
    };
    const log = createLog(config.log, output).child({ worker: message.number });
    try {
      const worker = { siblings: this.#siblings(message), metrics: this.#metrics, audit: this.#audit(config, log) };
      const reloadConfig = async () => config;
      this.#daemon = await startDaemon({ config, reloadConfig, log, warmsUp: true, worker });
    } catch (error) {
      const { code, message, hint } =
        error instanceof ProxyError ? error : new ProxyError('internal', (error as Error).message);
      this.#channel.tell({ kind: 'failed', code, message, hint });
      return this.#end(1);
    }
    this.#teller = setInterval(() => this.#tellUsage(), usageEveryMs);
    this.#channel.tell({ kind: 'ready', listening: this.#daemon.listening });
  }

  #siblings({ number, isJoining, config }: StartMessage): Siblings {
    return {
      isJoining,
      processes: config.listen.workers,
      processIds: processIdsOf(number),
      cancel: (processId, secretKey) => this.#askOwner({ kind: 'cancel', processId, secretKey }),
      signal: (signal) => this.#askOwner({ kind: 'signal', ...signal }),
      share: (name, pool, limits) => this.#shares.open(name, pool, limits),
      breakerTurned: (turn) => this.#channel.tell({ kind: 'breaker', turn }),
      databaseLeft: (left) => this.#channel.tellIfItCan({ kind: 'left', left }),
      authFailed: (failure) => this.#channel.tellIfItCan({ kind: 'failure', failure }),
    };
  }

  /** Whether it was done by the process that has told the process id. */
  #askOwner(question: CancelQuestion | SignalQuestion): Promise<boolean> {
    return this.#channel.ask(question, cancelWithinMs).then(
      (isDone) => isDone === true,
      () => false,
    );
  }

  #audit({ audit }: Config, log: Log): AuditLog {
    if (audit === null) return new AuditLog(null, 'none');
    const appender = new Appender({
      file: passedFile(audit, (lines, count) => this.#channel.ask({ kind: 'audit', lines, count }, null)),
      path: audit.file,
      bufferBytesMax: bufferedBytesMax,
      log,
      counted: this.#passed,
    });
    return new AuditLog(appender, audit.statements);
  }

  #prepare(config: Config): Prepared | Promise<Prepared> {
    const daemon = this.#daemon;
    if (daemon === null) return { problem: 'the worker has not started yet' };
    return this.#reload.prepare(() => daemon.prepareReload(config));
  }

  async #report(): Promise<WorkerReport> {
    await this.#metrics.read();
    const status = (this.#daemon as Daemon).status() satisfies StatusReport;
    return { status, numbers: takeSnapshot(this.#metrics), memoryBytes: process.memoryUsage.rss() };
  }

  #tellUsage(): void {
    const usage = this.#daemon?.siblingCalls.usage();
    if (usage === undefined || isSameUsage(usage, this.#told)) return;
    if (this.#channel.tellIfItCan({ kind: 'usage', usage })) this.#told = usage;
  }

  async #stop(isReplaced: boolean): Promise<void> {
    await this.#daemon?.stop({ isReplaced });
    if (this.#daemon !== null) this.#channel.tell({ kind: 'numbers', report: await this.#report() });
    return this.#end(0);
  }

  async #end(exitCode: number): Promise<void> {
    clearInterval(this.#teller);
    await this.#channel.flush();
    this.#onEnd(exitCode);
  }
}
