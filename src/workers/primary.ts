import { type AdminServer, createAdmin } from '../admin/admin-server.js';
import type { DaemonView, ReloadResult, StatusReport } from '../admin/daemon-view.js';
import { recordNoReload, recordReload } from '../admin/record-reload.js';
import type { AuditEvent } from '../audit/audit-event.js';
import { type AuditLog, openAudit } from '../audit/audit-log.js';
import type { Config } from '../config/config.js';
import { diffConfig } from '../config/diff-config.js';
import type { Listening } from '../daemon/daemon.js';
import { UpstreamLedger } from '../pool/upstream-ledger.js';
import type { Log, LogOutput } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { readVersion } from '../telemetry/version.js';
import { BackOff } from './back-off.js';
import { collectReports, workerStatus } from './collect-reports.js';
import { configForWorker } from './config-for-worker.js';
import { Crew, type Member } from './crew.js';
import {
  type CancelQuestion,
  cancelWithinMs,
  type FromWorker,
  type SignalQuestion,
  usageEveryMs,
  type WorkerQuestion,
} from './messages.js';
import { Numbers } from './numbers.js';
import { abandonAll, prepareAll } from './prepare-all.js';
import { workerOf } from './process-numbers.js';
import { sumDatabases } from './sum-statuses.js';
import { UsageBoard } from './usage-board.js';

export interface PrimaryOptions {
  readonly config: Config;
  /** Reads the configuration again, for a reload. Rejects with a ConfigError or ProxyError that says what is wrong. */
  readonly reloadConfig: () => Promise<Config>;
  readonly log: Log;
  /** What the log is written to: the workers' lines go there as well. */
  readonly output: LogOutput;
}

/** A daemon of several processes. */
export interface WorkersDaemon {
  readonly listening: Listening;
  /** All workers or none. */
  reload(): Promise<ReloadResult>;
  /** Starts a worker for each, with the program and the configuration as they are on the disk now; then the old ones end. */
  restart(): Promise<ReloadResult>;
  /** Lets transactions end, tells clients, ends the workers. Resolves as `stopped`. */
  stop(): Promise<void>;
  readonly stopped: Promise<void>;
}

interface Changed {
  readonly config: Config;
  readonly policyEvents: readonly AuditEvent[];
}

/** So often every worker's numbers are fetched, lest they die with it. */
const numbersEveryMs = 5_000;

/** Starts the workers of `listen.workers`. Rejects with a ProxyError when that can't be done; nothing is left running. */
export async function startWorkers(options: PrimaryOptions): Promise<WorkersDaemon> {
  const metrics = new Metrics();
  const audit = await openAudit(options.config.audit, { log: options.log, counted: metrics.auditEvents });
  const primary = new Primary(options, metrics, audit);
  try {
    await primary.start();
  } catch (error) {
    await primary.close();
    throw error;
  }
  return primary;
}

/** What there is one of: signals come here, the configuration, the audit file, the admin port and the log are here. */
class Primary implements WorkersDaemon, DaemonView {
  listening: Listening = { host: '', port: 0, socketPath: null };
  readonly stopped: Promise<void>;

  readonly #options: PrimaryOptions;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #audit: AuditLog;
  readonly #numbers: Numbers;
  readonly #crew: Crew;
  readonly #ledger: UpstreamLedger;
  readonly #usage = new UsageBoard();
  readonly #backOff = new BackOff();
  readonly #startedAt = new Date();
  #config: Config;
  /** How many there are to be. */
  #workers: number;
  #admin: AdminServer | null = null;
  #state: StatusReport['state'] = 'starting';
  /** What changes the workers or their configuration: one after the other. */
  #changing: Promise<unknown> = Promise.resolve();
  readonly #timers: NodeJS.Timeout[] = [];
  #onStopped: () => void = () => {};

  constructor(options: PrimaryOptions, metrics: Metrics, audit: AuditLog) {
    this.#options = options;
    this.#config = options.config;
    this.#workers = options.config.listen.workers;
    this.#log = options.log;
    this.#metrics = metrics;
    this.#audit = audit;
    this.#numbers = new Numbers(metrics);
    this.#ledger = new UpstreamLedger({
      grant: (pool, { process, share }, upstreams, isForReserve) =>
        this.#crew.member(process)?.channel.tell({ kind: 'grant', pool, share, upstreams, isForReserve }),
      recall: (pool, { process, share }, upstreams, fairSize) =>
        this.#crew.member(process)?.channel.tell({ kind: 'recall', pool, share, upstreams, fairSize }),
    });
    this.#crew = new Crew({
      isTerminal: options.output.isTTY === true,
      onTold: (member, message) => this.#onTold(member, message),
      onAsked: (member, question) => this.#onAsked(member, question),
      onEnd: (member, how) => this.#onEnd(member, how),
    });
    this.stopped = new Promise((resolve) => {
      this.#onStopped = resolve;
    });
  }

  async start(): Promise<void> {
    for (const warning of this.#config.warnings) this.#log.warn(warning);
    // The first one binds the addresses, and shows whether a worker can start at all.
    const first = this.#hire(this.#config);
    const others = Array.from({ length: this.#workers - 1 }, () => this.#hire(this.#config, first));
    const [{ listening }] = await Promise.all([first, ...others]);
    this.listening = listening as Listening;
    this.#timers.push(setInterval(() => this.#tellUsage(), usageEveryMs));
    this.#timers.push(setInterval(() => void collectReports(this.#crew.members), numbersEveryMs));
    this.#metrics.onScrape(async () => {
      await collectReports(this.#crew.members);
      this.#numbers.show(this.#crew.members);
    });
    await this.#startAdmin();
    this.#state = 'ready';
    this.#audit.write({ kind: 'start' });
    this.#log.info({ ...this.listening, workers: this.#workers }, 'listening');
  }

  isReady(): boolean {
    return this.#state === 'ready' && this.#ready.length > 0;
  }

  async status(): Promise<StatusReport> {
    const { host, port, socketPath } = this.listening;
    const silent = await collectReports(this.#crew.members);
    const workers = this.#crew.members.map((member) => workerStatus(member, silent.has(member)));
    const reports = this.#crew.members.flatMap(({ report }) => (report === null ? [] : [report.status]));
    return {
      version: readVersion(),
      pid: process.pid,
      startedAt: this.#startedAt.toISOString(),
      state: this.#state,
      listening: [`${host}:${port}`, ...(socketPath === null ? [] : [socketPath])],
      clients: {
        current: workers.reduce((sum, { clients }) => sum + clients, 0),
        max: this.#config.listen.maxClients,
      },
      databases: sumDatabases(reports),
      workers,
    };
  }

  reload(): Promise<ReloadResult> {
    return this.#change(async () => {
      const config = await this.#options.reloadConfig();
      const policyEvents = await prepareAll(this.#ready, this.#forWorker(config));
      for (const { channel } of this.#ready) channel.tell({ kind: 'commit' });
      return { config, policyEvents };
    });
  }

  restart(): Promise<ReloadResult> {
    return this.#change(async () => {
      const config = await this.#options.reloadConfig();
      // Old workers see to it that it can come into force, and what it changes; with it begin new ones.
      const policyEvents = await prepareAll(this.#ready, this.#forWorker(config));
      abandonAll(this.#ready);
      const { workers } = config.listen;
      const old = this.#ready;
      this.#log.info({ workers }, 'restarting: new workers come up before the old ones go');
      const hired = await Promise.allSettled(Array.from({ length: workers }, () => this.#hire(config)));
      const failed = hired.find((one) => one.status === 'rejected');
      for (const one of failed === undefined ? [] : hired) {
        if (one.status === 'fulfilled') void this.#crew.dismiss(one.value);
      }
      if (failed !== undefined) throw failed.reason;
      this.#workers = workers;
      for (const member of old) void this.#crew.dismiss(member, { isReplaced: true });
      this.#log.info({ pids: old.map(({ pid }) => pid) }, 'restarted: the old workers let their clients finish');
      return { config, policyEvents };
    });
  }

  async stop(): Promise<void> {
    if (this.#state === 'draining') return this.stopped;
    this.#state = 'draining';
    this.#log.info('stopping');
    // Who is being started at this moment is told as well.
    await this.#changing.catch(() => {});
    await this.close();
    this.#log.info('stopped');
  }

  async close(): Promise<void> {
    this.#state = 'draining';
    await Promise.all(this.#crew.members.map((member) => this.#crew.dismiss(member)));
    for (const timer of this.#timers) clearInterval(timer);
    await this.#admin?.close();
    this.#audit.write({ kind: 'stop' });
    await this.#audit.close();
    this.#onStopped();
  }

  get #ready(): readonly Member[] {
    return this.#crew.members.filter(({ state }) => state === 'ready');
  }

  /** `change` gives the configuration that is in force after it; where it throws, all stays as it is. */
  #change(change: () => Promise<Changed>): Promise<ReloadResult> {
    return this.#exclusively(async () => {
      try {
        const { config, policyEvents } = await change();
        const changes = diffConfig(this.#config, config);
        this.#config = config;
        this.#audit.reopen(config.audit);
        if (config.admin !== null) this.#admin?.reload(config.admin);
        this.#log.level = config.log.level;
        recordReload(this.#audit, this.#log, changes, policyEvents);
        return { ok: true, warnings: config.warnings };
      } catch (error) {
        return recordNoReload(this.#audit, this.#log, error);
      }
    });
  }

  #exclusively<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#changing.then(change, change);
    this.#changing = changed;
    return changed;
  }

  #forWorker(config: Config): Config {
    return configForWorker(config, this.#options.config.listen);
  }

  async #hire(config: Config, first?: Promise<unknown>): Promise<Member> {
    const isAnyListening = this.#crew.members.some(({ listening }) => listening !== null);
    const member = await this.#crew.hire(this.#forWorker(config), first ?? (isAnyListening ? 'joins' : 'first'));
    this.#usage.add(member.number);
    return member;
  }

  #onEnd(member: Member, how: string): void {
    this.#usage.remove(member.number);
    this.#ledger.processEnded(member.number);
    this.#numbers.keepOf(member);
    const fields = { worker: member.number, pid: member.pid, how };
    if (member.state === 'draining') this.#log.info(fields, 'a worker has stopped');
    // Whoever started one that never was ready hears of it there.
    else if (member.state === 'ready') this.#onLost(member, fields);
  }

  #onLost(member: Member, fields: object): void {
    const delayMs = this.#backOff.nextDelayMs(Date.now() - member.startedAt.getTime());
    this.#log.error({ ...fields, delayMs }, 'a worker has ended unasked, its clients are lost, and it is replaced');
    this.#replaceIn(delayMs);
  }

  #replaceIn(delayMs: number): void {
    setTimeout(() => void this.#exclusively(() => this.#replace()), delayMs);
  }

  async #replace(): Promise<void> {
    // A restart may have brought new ones meanwhile.
    if (this.#state !== 'ready' || this.#ready.length >= this.#workers) return;
    try {
      await this.#hire(this.#config);
    } catch (error) {
      const delayMs = this.#backOff.nextDelayMs(null);
      this.#log.error({ err: error, delayMs }, 'a worker could not be started; it is tried again');
      this.#replaceIn(delayMs);
    }
  }

  #onTold(member: Member, message: FromWorker): void {
    const { number: process } = member;
    switch (message.kind) {
      case 'log':
        return void this.#options.output.write(message.line);
      case 'want': {
        const { pool, limits, share, upstreams, isForReserve } = message;
        const want = { upstreams, isForReserve };
        return this.#ledger.want(pool, limits, { process, share }, want, Math.max(1, this.#ready.length));
      }
      case 'giveBack':
        return this.#ledger.giveBack(message.pool, { process, share: message.share }, message.upstreams);
      case 'usage':
        return this.#usage.report(process, message.usage);
      case 'numbers':
        member.report = message.report;
        return;
      case 'breaker':
      case 'left':
      case 'failure':
        for (const other of this.#crew.members) if (other !== member) other.channel.tellIfItCan(message);
        return;
      default:
    }
  }

  #onAsked(member: Member, question: WorkerQuestion): unknown {
    switch (question.kind) {
      case 'audit':
        return this.#audit.pass(question.lines, question.count);
      case 'cancel':
        this.#log.debug({ from: member.number, to: workerOf(question.processId) }, 'a cancel request is passed on');
        return this.#askOwner(question);
      case 'signal':
        return this.#askOwner(question);
    }
  }

  /** The process that has told the process id. */
  async #askOwner(question: CancelQuestion | SignalQuestion): Promise<boolean> {
    const owner = this.#crew.member(workerOf(question.processId));
    if (owner === undefined) return false;
    return owner.channel.ask(question, cancelWithinMs).then(
      (isDone) => isDone === true,
      () => false,
    );
  }

  #tellUsage(): void {
    for (const { number, channel } of this.#crew.members) {
      const usage = this.#usage.take(number);
      if (usage !== null) channel.tell({ kind: 'elsewhere', usage });
    }
  }

  async #startAdmin(): Promise<void> {
    const { admin } = this.#config;
    if (admin === null) return;
    this.#admin = createAdmin({ config: admin, daemon: this, metrics: this.#metrics, log: this.#log });
    const address = await this.#admin.listen();
    this.#log.info(address, 'admin listening');
  }
}
