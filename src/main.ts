import { type AdminServer, createAdmin } from './admin/admin-server.js';
import type { DaemonView, ReloadResult, StatusReport } from './admin/daemon-view.js';
import { databaseStatuses } from './admin/database-statuses.js';
import { policyChanges, recordNoReload, recordReload } from './admin/record-reload.js';
import type { AuditEvent } from './audit/audit-event.js';
import { type AuditLog, openAudit } from './audit/audit-log.js';
import { AuthDesk } from './auth/auth-desk.js';
import type { Config, DatabaseConfig } from './config/config.js';
import { databaseIn } from './config/database-in.js';
import { diffConfig } from './config/diff-config.js';
import type { Daemon, PreparedReload, SiblingCalls } from './daemon/daemon.js';
import { LiveSessions, sendAway } from './daemon/live-sessions.js';
import { recordAuthentication } from './daemon/record-authentication.js';
import { Firewalls } from './firewall/firewalls.js';
import { JudgeThreads } from './judge/judge-threads.js';
import { forgetPolicies, loadPoliciesInForce, type PoliciesByTenant } from './judge/policies-in-force.js';
import { refuseMisfits } from './judge/refuse-misfits.js';
import { TimerWheel } from './limits/timer-wheel.js';
import { Listener } from './listener/listener.js';
import { createListenerCounters } from './listener/listener-counters.js';
import { CancelKeys } from './session/cancel.js';
import { ServedDatabases } from './session/databases/served-databases.js';
import { noSiblings, type Siblings } from './session/databases/siblings.js';
import { mayBePoliced } from './session/may-be-policed.js';
import { SessionRecorder } from './session/recorder.js';
import type { Session } from './session/session.js';
import type { AcceptedClient } from './session/startup/accepted-client.js';
import { admitClient } from './session/startup/admit-client.js';
import { type StartSessionDeps, startSession } from './session/startup/start-session.js';
import type { Log } from './telemetry/log.js';
import { Metrics } from './telemetry/metrics.js';
import { readVersion } from './telemetry/version.js';
import { loadServerTls } from './tls/server-tls.js';

export interface DaemonOptions {
  readonly config: Config;
  /** Reads the configuration again, for a reload. Rejects with a ConfigError or ProxyError that says what is wrong. */
  readonly reloadConfig: () => Promise<Config>;
  readonly log: Log;
  /** Loads the parser before it listens, so that the first client doesn't wait for it. */
  readonly warmsUp?: boolean;
  /** Of a process that is one of several that serve the same port; left out: it is the whole daemon. */
  readonly worker?: WorkerOptions;
}

/** What a worker does not do itself: its configuration has no `admin`, and who started it keeps the audit file. */
export interface WorkerOptions {
  readonly siblings: Siblings;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
}

/** How long a process that is replaced lets clients be that are just coming, milliseconds: at least, and at most. */
const arrivalsMinMs = 1_000;
const arrivalsMaxMs = 5_000;
const sweepEveryMs = 100;

/** Wires the rooms together and listens. Rejects with a ProxyError when that can't be done; nothing is left running. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, log, worker } = options;
  const metrics = worker?.metrics ?? new Metrics();
  const audit = worker?.audit ?? (await openAudit(config.audit, { log, counted: metrics.auditEvents }));
  const daemon = new RunningDaemon(options, metrics, audit);
  try {
    await daemon.start();
  } catch (error) {
    await daemon.close();
    throw error;
  }
  return daemon;
}

/** What there is one of in a process: the listener, the sessions, the configuration and policies in force. */
class RunningDaemon implements Daemon, DaemonView {
  listening = { host: '', port: 0, socketPath: null as string | null };
  readonly stopped: Promise<void>;
  readonly siblingCalls: SiblingCalls;

  readonly #options: DaemonOptions;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #audit: AuditLog;
  readonly #wheel = new TimerWheel();
  readonly #desk: AuthDesk;
  readonly #threads: JudgeThreads;
  readonly #firewalls: Firewalls;
  readonly #recorder: SessionRecorder;
  readonly #siblings: Siblings;
  readonly #databases: ServedDatabases;
  readonly #cancelKeys: CancelKeys;
  readonly #sessions: LiveSessions;
  readonly #sessionDeps: StartSessionDeps;
  readonly #listenerCounters = createListenerCounters();
  readonly #startedAt = new Date();
  #config: Config;
  #policies: PoliciesByTenant = new Map();
  #listener: Listener | null = null;
  #admin: AdminServer | null = null;
  #sweeper: NodeJS.Timeout | null = null;
  #state: StatusReport['state'] = 'starting';
  #reloading: Promise<unknown> = Promise.resolve();
  #onStopped: () => void = () => {};

  constructor(options: DaemonOptions, metrics: Metrics, audit: AuditLog) {
    const { config, log } = options;
    this.#options = options;
    this.#config = config;
    this.#log = log;
    this.#threads = new JudgeThreads({
      onFault: (err) => log.error({ err }, 'a statement was refused because of an error in the proxy'),
    });
    this.#metrics = metrics;
    this.#sessions = new LiveSessions(log);
    this.#audit = audit;
    this.#recorder = new SessionRecorder(audit, metrics, log);
    this.#siblings = options.worker?.siblings ?? noSiblings;
    this.#desk = new AuthDesk({ onFailure: (failure) => this.#siblings.authFailed(failure) });
    this.#firewalls = new Firewalls(log);
    this.#databases = new ServedDatabases({
      metrics,
      log,
      policiesOf: (tenant) => this.#policies.get(tenant) ?? null,
      threads: this.#threads,
      siblings: this.#siblings,
      firewalls: this.#firewalls,
    });
    this.#cancelKeys = new CancelKeys(
      (session) => this.#databases.cancel(session),
      this.#siblings.processIds,
      (signal) => this.#siblings.signal(signal),
    );
    this.#sessionDeps = this.#makeSessionDeps();
    this.siblingCalls = this.#makeSiblingCalls();
    this.stopped = new Promise((resolve) => {
      this.#onStopped = resolve;
    });
  }

  async start(): Promise<void> {
    const { listen, warnings } = this.#config;
    for (const warning of warnings) this.#log.warn(warning);
    this.#policies = await this.#loadPolicies(this.#config);
    const isJudging = this.#policies.size > 0 || hasSharedLanes(this.#config);
    if (isJudging && this.#options.warmsUp === true) await this.#threads.warm();
    const listener = new Listener({
      config: listen,
      tls: await loadServerTls(listen.tls),
      timers: this.#wheel,
      log: this.#log,
      counters: this.#listenerCounters,
      onClient: (accepted) => void this.#onClient(accepted),
    });
    this.#listener = listener;
    const { port, socketPath } = await listener.listen(this.#siblings.isJoining);
    this.listening = { host: listen.host, port, socketPath };
    this.#sweeper = setInterval(() => this.#databases.sweep(), sweepEveryMs);
    this.#metrics.onScrape(() => this.#gauge());
    await this.#startAdmin();
    this.#state = 'ready';
    this.#record({ kind: 'start' });
    if (this.#options.worker === undefined) this.#log.info(this.listening, 'listening');
  }

  isReady(): boolean {
    return this.#state === 'ready';
  }

  status(): StatusReport {
    const { host, port, socketPath } = this.listening;
    return {
      version: readVersion(),
      pid: process.pid,
      startedAt: this.#startedAt.toISOString(),
      state: this.#state,
      listening: [`${host}:${port}`, ...(socketPath === null ? [] : [socketPath])],
      clients: { current: this.#listenerCounters.clients, max: this.#config.listen.maxClients },
      databases: databaseStatuses(this.#databases.all),
    };
  }

  /** One after the other: what was read first comes into force first. */
  reload(): Promise<ReloadResult> {
    const reloaded = this.#reloading.then(() => this.#reload());
    this.#reloading = reloaded;
    return reloaded;
  }

  async #reload(): Promise<ReloadResult> {
    try {
      const config = await this.#options.reloadConfig();
      const prepared = await this.prepareReload(config);
      const changes = diffConfig(this.#config, config);
      prepared.apply();
      recordReload(this.#audit, this.#log, changes, prepared.policyEvents);
      return { ok: true, warnings: config.warnings };
    } catch (error) {
      return recordNoReload(this.#audit, this.#log, error);
    }
  }

  async prepareReload(config: Config): Promise<PreparedReload> {
    const tls = await loadServerTls(config.listen.tls);
    const policies = await this.#loadPolicies(config);
    const configOf = (tenant: string, database: string) => databaseOf(config, tenant, database);
    const apply = () => {
      const before = this.#policies;
      this.#config = config;
      this.#policies = policies;
      this.#databases.reconfigure(configOf);
      void this.#firewalls.keepOnly([...policies.values()].map((inForce) => inForce.policies));
      this.#listener?.reload(tls, config.listen);
      this.#audit.reopen(config.audit);
      if (config.admin !== null) this.#admin?.reload(config.admin);
      this.#log.level = config.log.level;
      this.#sessions.sendAway((session) => this.#hasToComeBack(session, before));
      forgetPolicies(before, policies, this.#threads);
    };
    const abandon = () => forgetPolicies(policies, this.#policies, this.#threads);
    try {
      const databases = this.#databases.inUse(configOf);
      await refuseMisfits(this.#policies, policies, databases, this.#threads, (warning) => this.#log.warn(warning));
    } catch (error) {
      abandon();
      throw error;
    }
    return { policyEvents: policyChanges(this.#policies, policies), apply, abandon };
  }

  /** Before policies hold for a session that none did, or where a reload doesn't reach it any more. */
  #hasToComeBack(session: Session, before: PoliciesByTenant): boolean {
    const { database } = session;
    if (!this.#policies.has(database.tenant)) return false;
    return !this.#databases.serves(database) || (!before.has(database.tenant) && !mayBePoliced(session));
  }

  async stop({ isReplaced } = { isReplaced: false }): Promise<void> {
    if (this.#state === 'draining') return this.stopped;
    this.#state = 'draining';
    this.#log.info({ clients: this.#sessions.size }, 'stopping');
    if (isReplaced) await this.#letArrive();
    this.#listener?.drain();
    await this.#sessions.drain();
    await this.close();
    this.#log.info('stopped');
  }

  async close(): Promise<void> {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    await this.#listener?.close();
    await this.#admin?.close();
    this.#databases.close();
    this.#wheel.close();
    await this.#threads.close();
    await this.#firewalls.close();
    this.#record({ kind: 'stop' });
    await this.#audit.close();
    this.#onStopped();
  }

  #makeSessionDeps(): StartSessionDeps {
    return {
      cancelKeys: this.#cancelKeys,
      recorder: this.#recorder,
      timeouts: { wheel: this.#wheel, cancel: (session) => void this.#cancelKeys.cancelSession(session) },
      userOf: ({ identity }) => this.#desk.usersOf(this.#config).find(identity.tenant, identity.user),
      onStart: (session, isPoliced) => {
        this.#sessions.add(session);
        if (!isPoliced && this.#hasToComeBack(session, noPolicies)) sendAway(session);
      },
      onEnd: (session, reason) => this.#sessions.remove(session, reason),
    };
  }

  #makeSiblingCalls(): SiblingCalls {
    return {
      cancel: (processId, secretKey) => this.#cancelKeys.cancel(processId, secretKey),
      signal: (signal) => this.#cancelKeys.signal(signal, null),
      followBreaker: (turn) => this.#databases.followBreaker(turn),
      leave: (left) => this.#databases.leave(left),
      learnFailure: (failure) => this.#desk.learnFailure(failure),
      usage: () => ({ clients: this.#listenerCounters.clients, databases: this.#databases.usage() }),
      learnUsage: ({ clients, databases }) => {
        if (this.#listener !== null) this.#listener.clientsElsewhere = clients;
        this.#databases.learnUsage(databases);
      },
    };
  }

  /** Those that were accepted before others took over get in, and those that came for one statement have it. */
  async #letArrive(): Promise<void> {
    this.#listener?.stopAccepting();
    const startedAt = performance.now();
    const counters = this.#listenerCounters;
    const isArriving = () => counters.starting > 0 || counters.clients > this.#sessions.size;
    for (let waitedMs = 0; waitedMs < (isArriving() ? arrivalsMaxMs : arrivalsMinMs); ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      waitedMs = performance.now() - startedAt;
    }
  }

  /** Of the daemon as a whole, so not for one of several workers to say. */
  #record(event: AuditEvent): void {
    if (this.#options.worker === undefined) this.#audit.write(event);
  }

  async #startAdmin(): Promise<void> {
    const { admin } = this.#config;
    if (admin === null) return;
    this.#admin = createAdmin({ config: admin, daemon: this, metrics: this.#metrics, log: this.#log });
    const address = await this.#admin.listen();
    this.#log.info(address, 'admin listening');
  }

  async #onClient(accepted: AcceptedClient): Promise<void> {
    const admitted = await admitClient(accepted, {
      config: () => this.#config,
      desk: this.#desk,
      log: this.#log,
      onCancel: (processId, secretKey) =>
        this.#cancelKeys.issues(processId)
          ? this.#cancelKeys.cancel(processId, secretKey)
          : this.#siblings.cancel(processId, secretKey),
      onAuth: (event) => recordAuthentication(event, this.#metrics, this.#audit, this.#log),
    });
    if (admitted === null) return;
    await startSession(admitted, this.#databases.serve(admitted), this.#sessionDeps);
  }

  #loadPolicies(config: Config): Promise<PoliciesByTenant> {
    const deps = { threads: this.#threads, firewalls: this.#firewalls };
    return loadPoliciesInForce(config, this.#policies, deps, (warning) => this.#log.warn(warning));
  }

  #gauge(): void {
    this.#databases.gauge();
    this.#sessions.gauge(new Set([...this.#databases.all].map(({ counters }) => counters)));
  }
}

function databaseOf({ tenants }: Config, tenant: string, database: string): DatabaseConfig | null {
  const tenantConfig = tenants.get(tenant);
  return tenantConfig === undefined ? null : (databaseIn(tenantConfig, database) ?? null);
}

/** Whether statements are judged without a policy: for whether a shared lane takes them. */
function hasSharedLanes({ tenants }: Config): boolean {
  return [...tenants.values()].some(({ databases }) =>
    [...databases.values()].some(({ pool }) => pool.mode === 'auto'),
  );
}

const noPolicies: PoliciesByTenant = new Map();
