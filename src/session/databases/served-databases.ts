import { isDeepStrictEqual } from 'node:util';
import { cancelUpstream } from '../../backend/postgres/cancel-upstream.js';
import { connectUpstream } from '../../backend/postgres/connect-upstream.js';
import { openCatalogConnection } from '../../backend/postgres/open-catalog-connection.js';
import type { PostgresUpstream, UpstreamLoss } from '../../backend/postgres/postgres-upstream.js';
import { type UpstreamAccount, UpstreamTarget } from '../../backend/postgres/upstream-target.js';
import { BoundedCache } from '../../cache/bounded-cache.js';
import type { DatabaseConfig } from '../../config/config.js';
import { endedByAdministrator } from '../../errors/ended-by-administrator.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { Firewalls } from '../../firewall/firewalls.js';
import { CatalogFeed } from '../../judge/catalog-feed.js';
import { Judge } from '../../judge/judge.js';
import type { JudgeThreads } from '../../judge/judge-threads.js';
import type { PoliciesInForce } from '../../judge/policies-in-force.js';
import type { DatabaseInUse } from '../../judge/refuse-misfits.js';
import { TokenBucket } from '../../limits/token-bucket.js';
import { Notifications } from '../../pool/notifications.js';
import { Pool, type PoolOptions } from '../../pool/pool.js';
import type { PoolShare } from '../../pool/pool-share.js';
import { SharedLanes, type SharedLanesOptions } from '../../pool/shared-lanes.js';
import { lanes } from '../../telemetry/database-counters.js';
import type { Log } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { isOurName } from '../prepared/statement-name.js';
import type { Session } from '../session.js';
import type { AdmittedClient } from '../startup/admitted-client.js';
import { DatabaseBreakers } from './database-breakers.js';
import type { ServedDatabase } from './served-database.js';
import type { BreakerTurn, LeftDatabase, Siblings } from './siblings.js';
import { accountOf, catalogAccount, listeningAccount, movedAccount } from './upstream-accounts.js';

export interface ServedDatabasesDeps {
  readonly metrics: Metrics;
  readonly log: Log;
  /** The policies of a tenant in force now; null: it has none. */
  readonly policiesOf: (tenant: string) => PoliciesInForce | null;
  readonly threads: JudgeThreads;
  readonly firewalls: Firewalls;
  readonly siblings: Siblings;
}

/** What one process uses of limits that hold for several, by the name of a served database. */
export interface DatabaseUsage {
  readonly clients: number;
  /** Since the start: what the rate limit has let through. */
  readonly statements: number;
}

/** Upstream statements kept prepared on each connection. */
const sharedStatementsMax = 500;
const healthCheckAfterMs = 30_000;
/** How long a server waits for others to leave a database before it refuses (PG, CountOtherDBBackends), milliseconds. */
const leftForMs = 5_000;
/** Bytes of prepared texts that are remembered for each database. */
const preparedBytesMax = 4 * 1024 * 1024;
/** What one of them takes beside its text, about. */
const preparedOverheadBytes = 1000;

/** A served database with what only its keeper touches. */
export interface Served extends ServedDatabase {
  /** Null: the limits of its pool are this process's own. */
  readonly share: PoolShare | null;
  isSessionPooled: boolean;
  target: UpstreamTarget;
  config: DatabaseConfig;
  isPoliced: boolean;
  /** Until then no connection is kept for clients that may come, milliseconds. */
  leftUntil: number;
  catalog: CatalogFeed | null;
}

/**
 * The databases that clients are connected to, or were lately: one for each tenant, database and upstream user, with
 * its pool.
 */
export class ServedDatabases {
  readonly #served = new Map<string, Served>();
  readonly #breakers = new DatabaseBreakers();
  /** By the name of a served database, which needn't be served here yet. */
  #clientsElsewhere: ReadonlyMap<string, number> = new Map();
  readonly #deps: ServedDatabasesDeps;

  constructor(deps: ServedDatabasesDeps) {
    this.#deps = deps;
  }

  get all(): Iterable<Served> {
    return this.#served.values();
  }

  /** Whether a reload reaches it. */
  serves(database: ServedDatabase): boolean {
    return [...this.#served.values()].some((served) => served === database);
  }

  /** The database that an admitted client asked for. */
  serve(client: AdmittedClient): Served {
    const { identity, databaseConfig } = client;
    const account = accountOf(client);
    if (client.startup.replication !== null) return this.#openForReplication(client, account);
    const key = JSON.stringify([identity.tenant, identity.database, account.user]);
    const known = this.#served.get(key);
    if (known !== undefined) {
      // The user may have signed in with a new password.
      if (account.isClientsOwn && account.credential !== null) known.target = this.#target(account);
      return known;
    }
    const served = this.#open(client, databaseConfig, account, key);
    served.clientsElsewhere = this.#clientsElsewhere.get(key) ?? 0;
    this.#served.set(key, served);
    return served;
  }

  /** Those that clients use now, whatever the account, and that another configuration leaves where they are. */
  inUse(configOf: (tenant: string, database: string) => DatabaseConfig | null): readonly DatabaseInUse[] {
    const used = new Map<string, DatabaseInUse>();
    for (const { tenant, name, catalog, clients, config } of this.#served.values()) {
      const isThere = isDeepStrictEqual(placeOf(configOf(tenant, name)), placeOf(config));
      if (clients > 0 && catalog !== null && isThere)
        used.set(JSON.stringify([tenant, name]), { tenant, name, catalog });
    }
    return [...used.values()];
  }

  /** Another configuration holds: sessions go on with its limits, policies and, once they come free, upstreams. */
  reconfigure(configOf: (tenant: string, database: string) => DatabaseConfig | null): void {
    for (const [key, served] of this.#served) {
      const config = configOf(served.tenant, served.name);
      this.#judge(served);
      if (config === null || JSON.stringify(config) === JSON.stringify(served.config)) continue;
      // Clients who shared an account can't be told apart any more: each has to come back as who it is.
      if (config.upstream.user === null && !served.target.account.isClientsOwn) {
        this.#close(served, key);
        continue;
      }
      if (!isDeepStrictEqual(listeningAt(config), listeningAt(served.config))) served.notifications.close(movedAway());
      served.target = this.#target(movedAccount(served, config));
      served.config = config;
      served.isSessionPooled = config.pool.mode === 'session';
      served.breaker.reconfigure(config.breaker);
      served.limits = config.limits;
      served.rate.setRate(config.limits.ratePerMinute, config.limits.rateBurst);
      served.lanes.reconfigure(this.#lanesOptions(config));
      served.pool.reconfigure(poolOptions(config));
      served.share?.restart();
      served.welcomes.clear();
      this.#judge(served);
    }
  }

  /** To be called every so often: waits, ages, and pools that nobody uses any more. */
  sweep(): void {
    for (const [key, served] of this.#served) {
      served.share?.sweep();
      served.pool.sweep();
      served.lanes.sweep();
      served.notifications.sweep();
      if (served.clients > 0) continue;
      const isEmpty = served.pool.isEmpty && !served.notifications.isOpen && served.config.pool.min === 0;
      if (isEmpty || performance.now() < served.leftUntil) this.#close(served, key);
    }
    this.#breakers.sweep(this.#served.values());
  }

  /**
   * Closes what is kept to a database of a server for clients that may come, as long as the server waits for it. Who is
   * connected stays connected, and the server says so.
   */
  leave({ tenant, host, port, database }: LeftDatabase): void {
    for (const served of this.#served.values()) {
      const { account } = served.target;
      const isThere = account.address.host === host && account.address.port === port && account.database === database;
      if (isThere && served.tenant === tenant) served.leftUntil = performance.now() + leftForMs;
    }
  }

  /** What is used here of the limits that hold for all processes. */
  usage(): ReadonlyMap<string, DatabaseUsage> {
    const usage = new Map<string, DatabaseUsage>();
    for (const [key, { clients, rate }] of this.#served) usage.set(key, { clients, statements: rate.taken });
    return usage;
  }

  /** What others use: their clients now, and their statements since the last time. */
  learnUsage(elsewhere: ReadonlyMap<string, DatabaseUsage>): void {
    this.#clientsElsewhere = new Map([...elsewhere].map(([key, { clients }]) => [key, clients]));
    for (const [key, served] of this.#served) {
      const used = elsewhere.get(key);
      served.clientsElsewhere = used?.clients ?? 0;
      if (used !== undefined && used.statements > 0) served.rate.spend(used.statements);
    }
  }

  /** The breaker of a database has turned in another process. */
  followBreaker(turn: BreakerTurn): void {
    this.#breakers.follow(turn);
  }

  /** Writes down how many upstreams there are now, for who scrapes. */
  gauge(): void {
    for (const { counters } of this.#served.values()) {
      for (const lane of lanes) Object.assign(counters.upstreams[lane], { active: 0, idle: 0, connecting: 0 });
      counters.clients.waiting = 0;
    }
    for (const { counters, pool, lanes: shared } of this.#served.values()) {
      const { open, idle, connecting, waiting } = pool.gauges;
      counters.upstreams.shared.active += shared.gauges.active;
      counters.upstreams.shared.idle += shared.gauges.idle;
      counters.upstreams.pinned.active += open - idle - shared.gauges.active - shared.gauges.idle;
      counters.upstreams.pinned.idle += idle;
      counters.upstreams.pinned.connecting += connecting;
      counters.clients.waiting += waiting;
    }
  }

  /**
   * Cancels what a session runs at its upstream. Until the request has arrived nothing new is sent there, by others or
   * by the session: a server signals twice, and the second signal may come when the first has done its work.
   */
  async cancel(session: Session): Promise<void> {
    const upstream = session.attachment.held ?? session.reads.isolate();
    const served = session.database as Served;
    if (upstream === null) return;
    served.pool.cancelStarted(upstream);
    await cancelUpstream(served.target, upstream.connection.secrets);
    served.pool.cancelEnded(upstream);
    session.attachment.onCancelArrived();
  }

  close(): void {
    for (const served of this.#served.values()) {
      retire(served);
      served.lanes.close();
      served.pool.destroy();
      served.notifications.close(endedByAdministrator());
    }
    this.#breakers.close();
  }

  /** Walsenders are not shared: each replication client has one of its own, started with what it started with. */
  #openForReplication(client: AdmittedClient, account: UpstreamAccount): Served {
    const { databaseConfig, startup } = client;
    const parameters = [...startup.settings, ['replication', startup.parameters.get('replication') ?? ''] as const];
    const pool = { ...databaseConfig.pool, mode: 'session', size: 1, min: 0, reserve: 0 } as const;
    return this.#open(client, { ...databaseConfig, pool }, { ...account, parameters }, null);
  }

  /** Of a pool for several processes lanes take their part of this process's part. */
  #lanesOptions({ pool }: DatabaseConfig): SharedLanesOptions {
    const { mode, size, rescueMs, ignoreApplicationName } = pool;
    const part = Math.max(1, Math.floor(size / this.#deps.siblings.processes));
    return { isOn: mode === 'auto', size: part, rescueMs, ignoreApplicationName };
  }

  #target(account: UpstreamAccount): UpstreamTarget {
    return new UpstreamTarget(account, this.#deps.metrics.bytes);
  }

  /** @param shared by which name other processes know the pool; null: it is of this one client */
  #open(client: AdmittedClient, config: DatabaseConfig, account: UpstreamAccount, shared: string | null): Served {
    const { tenant, database: name } = client.identity;
    const { metrics, log, siblings } = this.#deps;
    const counters = metrics.database(tenant, config.name);
    const breaker = this.#breakers.of(tenant, name, () => ({
      counters,
      config: config.breaker,
      log,
      onTurn: (state) => siblings.breakerTurned({ tenant, database: name, state }),
    }));
    const connect = () =>
      breaker
        .run(() => connectUpstream(served.target))
        .catch((error: Error) => {
          log.warn({ tenant, database: name, err: error, cause: error.cause }, 'could not connect to the upstream');
          throw error;
        });
    const now = () => performance.now();
    const pool = new Pool(poolOptions(config), {
      connect,
      now,
      onLost: (loss) => breaker.recordFailure(lossError(loss)),
      onWaited: (milliseconds) => counters.checkoutWait.observe(milliseconds),
      onLimited: (upstreams, isForReserve) => served.share?.onLimited(upstreams, isForReserve),
      onFewer: () => served.share?.onFewer(),
    });
    const served: Served = {
      tenant,
      name,
      isSessionPooled: config.pool.mode === 'session',
      pool,
      lanes: new SharedLanes(pool, this.#lanesOptions(config), counters.shared, now),
      share: shared === null ? null : siblings.share(shared, pool, () => served.config.pool),
      notifications: new Notifications({
        connect: () => this.#connectToListen(served),
        toldProcessId: (processId) => pool.toldProcessId(processId),
        now,
      }),
      breaker,
      judge: null,
      isPoliced: false,
      catalog: null,
      upstreamUser: account.user,
      limits: config.limits,
      rate: new TokenBucket(config.limits.ratePerMinute, config.limits.rateBurst),
      counters,
      welcomes: new Map(),
      prepared: new BoundedCache(preparedBytesMax, preparedOverheadBytes),
      leave: (database) => this.#onLeft(served, database),
      leftUntil: 0,
      clients: 0,
      clientsElsewhere: 0,
      target: this.#target(account),
      config,
    };
    this.#judge(served);
    return served;
  }

  #onLeft({ tenant, target }: Served, database: string): void {
    const { host, port } = target.account.address;
    const left = { tenant, host, port, database };
    this.leave(left);
    this.#deps.siblings.databaseLeft(left);
  }

  /** Apart from the breaker: another account may be refused here, and clients do without. */
  async #connectToListen(served: Served): Promise<PostgresUpstream> {
    try {
      return await connectUpstream(this.#target(listeningAccount(served)));
    } catch (error) {
      const { tenant, name } = served;
      const fields = { tenant, database: name, err: error, cause: (error as Error).cause };
      this.#deps.log.warn(fields, 'could not listen for notifications: clients that listen keep their upstreams');
      throw error;
    }
  }

  /** Who comes next gets another; upstreams close as they come free. */
  #close(served: Served, key: string): void {
    this.#served.delete(key);
    served.lanes.close();
    served.pool.close();
    served.notifications.close(movedAway());
    retire(served);
  }

  /** What judges its statements from now on: policies where there are any, and what may go to a shared lane. */
  #judge(served: Served): void {
    const policies = this.#deps.policiesOf(served.tenant);
    const isJudged = policies !== null || served.config.pool.mode === 'auto';
    served.isPoliced = policies !== null;
    const { complexityMax } = served.limits;
    if (isJudged && served.judge?.isFor(policies, complexityMax) === true) return;
    served.judge?.retire();
    served.judge = null;
    if (!isJudged) return;
    served.catalog ??= this.#feed(served);
    const { threads, firewalls, metrics } = this.#deps;
    const { catalog } = served;
    served.judge = new Judge(policies, { threads, firewalls, catalog, counters: metrics, isOurName, complexityMax });
  }

  #feed(served: Served): CatalogFeed {
    const { threads, log } = this.#deps;
    const connect = (onChange: () => void) => openCatalogConnection(this.#target(catalogAccount(served)), onChange);
    const feed = new CatalogFeed({ connect, threads, log });
    feed.listeners.add(() => served.lanes.onCatalogChanged());
    return feed;
  }
}

function retire(served: Served): void {
  served.share?.close();
  served.judge?.retire();
  served.catalog?.close();
}

function placeOf(config: DatabaseConfig | null): unknown {
  if (config === null) return null;
  const { host, port, database } = config.upstream;
  return [host, port, database];
}

/** What the connection that listens depends on. */
function listeningAt({ upstream, control }: DatabaseConfig): unknown {
  return [upstream, control];
}

function movedAway(): ProxyError {
  return endedByAdministrator({
    detail: 'The database is reached in another way now. Notifications may have been missed.',
  });
}

function poolOptions({ pool }: DatabaseConfig): PoolOptions {
  // A session's own statements are its own affair.
  const statementsMax = pool.mode === 'session' ? Number.POSITIVE_INFINITY : sharedStatementsMax;
  return { ...pool, statementsMax, healthCheckAfterMs };
}

/** An upstream's loss as an error that can be logged, with the server's own words where it had any. */
function lossError({ lastWords, cause }: UpstreamLoss): Error {
  if (lastWords === null) return cause ?? new Error('connection lost');
  return new ProxyError('upstreamLost', lastWords.message, { sqlstate: lastWords.sqlstate });
}
