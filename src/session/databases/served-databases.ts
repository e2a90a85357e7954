import { isDeepStrictEqual } from 'node:util';
import { cancelUpstream } from '../../backend/postgres/cancel-upstream.js';
import type { UpstreamAccount } from '../../backend/postgres/upstream-target.js';
import type { DatabaseConfig } from '../../config/config.js';
import type { DatabaseInUse } from '../../judge/refuse-misfits.js';
import { lanes } from '../../telemetry/database-counters.js';
import type { Session } from '../session.js';
import type { AdmittedClient } from '../startup/admitted-client.js';
import { DatabaseBreakers } from './database-breakers.js';
import {
  closeServed,
  destroyServed,
  judgeServed,
  openServed,
  reconfigureServed,
  type Served,
  type ServedDeps,
  targetOf,
} from './served.js';
import type { ServedDatabase } from './served-database.js';
import type { BreakerTurn, LeftDatabase } from './siblings.js';
import { accountOf } from './upstream-accounts.js';

/** What one process uses of limits that hold for several, by the name of a served database. */
export interface DatabaseUsage {
  readonly clients: number;
  /** Since the start: what the rate limit has let through. */
  readonly statements: number;
}

/** How long a server waits for others to leave a database before it refuses (PG, CountOtherDBBackends), milliseconds. */
const leftForMs = 5_000;
/**
 * The databases that clients are connected to, or were lately: one for each tenant, database and upstream user, with
 * its pool.
 */
export class ServedDatabases {
  readonly #served = new Map<string, Served>();
  readonly #breakers = new DatabaseBreakers();
  /** By the name of a served database, which needn't be served here yet. */
  #clientsElsewhere: ReadonlyMap<string, number> = new Map();
  readonly #deps: ServedDeps;

  constructor(deps: ServedDeps) {
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
      if (account.isClientsOwn && account.credential !== null) known.target = targetOf(account, this.#deps);
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
      judgeServed(served, this.#deps);
      if (config === null || JSON.stringify(config) === JSON.stringify(served.config)) continue;
      // Clients who shared an account can't be told apart any more: each has to come back as who it is.
      if (config.upstream.user === null && !served.target.account.isClientsOwn) {
        this.#close(served, key);
        continue;
      }
      reconfigureServed(served, config, this.#deps);
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
    for (const served of this.#served.values()) destroyServed(served);
    this.#breakers.close();
  }

  /** Walsenders are not shared: each replication client has one of its own, started with what it started with. */
  #openForReplication(client: AdmittedClient, account: UpstreamAccount): Served {
    const { databaseConfig, startup } = client;
    const parameters = [...startup.settings, ['replication', startup.parameters.get('replication') ?? ''] as const];
    const pool = { ...databaseConfig.pool, mode: 'session', size: 1, min: 0, reserve: 0 } as const;
    return this.#open(client, { ...databaseConfig, pool }, { ...account, parameters }, null);
  }

  /** @param sharedAs by which name other processes know the pool; null: it is of this one client */
  #open(client: AdmittedClient, config: DatabaseConfig, account: UpstreamAccount, sharedAs: string | null): Served {
    const { tenant, database: name } = client.identity;
    const { metrics, log, siblings } = this.#deps;
    const breaker = this.#breakers.of(tenant, name, () => ({
      counters: metrics.database(tenant, config.name),
      config: config.breaker,
      log,
      onTurn: (state) => siblings.breakerTurned({ tenant, database: name, state }),
    }));
    const onLeft = (served: Served, database: string) => this.#onLeft(served, database);
    return openServed({ tenant, name, config, account, sharedAs, breaker, onLeft }, this.#deps);
  }

  #onLeft({ tenant, target }: Served, database: string): void {
    const { host, port } = target.account.address;
    const left = { tenant, host, port, database };
    this.leave(left);
    this.#deps.siblings.databaseLeft(left);
  }

  #close(served: Served, key: string): void {
    this.#served.delete(key);
    closeServed(served);
  }
}

function placeOf(config: DatabaseConfig | null): unknown {
  if (config === null) return null;
  const { host, port, database } = config.upstream;
  return [host, port, database];
}
