import { isDeepStrictEqual } from 'node:util';
import { connectUpstream } from '../../backend/postgres/connect-upstream.js';
import { openCatalogConnection } from '../../backend/postgres/open-catalog-connection.js';
import type { PostgresUpstream, UpstreamLoss } from '../../backend/postgres/postgres-upstream.js';
import { type UpstreamAccount, UpstreamTarget } from '../../backend/postgres/upstream-target.js';
import type { Breaker } from '../../breaker/breaker.js';
import { BoundedCache } from '../../cache/bounded-cache.js';
import type { DatabaseConfig } from '../../config/config.js';
import { endedByAdministrator } from '../../errors/ended-by-administrator.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { Firewalls } from '../../firewall/firewalls.js';
import { CatalogFeed } from '../../judge/catalog-feed.js';
import { Judge } from '../../judge/judge.js';
import type { JudgeThreads } from '../../judge/judge-threads.js';
import type { PoliciesInForce } from '../../judge/policies-in-force.js';
import { TokenBucket } from '../../limits/token-bucket.js';
import { Notifications } from '../../pool/notifications.js';
import { Pool, type PoolOptions } from '../../pool/pool.js';
import type { PoolShare } from '../../pool/pool-share.js';
import { SharedLanes, type SharedLanesOptions } from '../../pool/shared-lanes.js';
import type { Log } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { isOurName } from '../prepared/statement-name.js';
import type { ServedDatabase } from './served-database.js';
import type { Siblings } from './siblings.js';
import { catalogAccount, listeningAccount, movedAccount } from './upstream-accounts.js';

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

/** What all served databases of a process have of the daemon. */
export interface ServedDeps {
  readonly metrics: Metrics;
  readonly log: Log;
  /** The policies of a tenant in force now; null: it has none. */
  readonly policiesOf: (tenant: string) => PoliciesInForce | null;
  readonly threads: JudgeThreads;
  readonly firewalls: Firewalls;
  readonly siblings: Siblings;
}

/** Which database is opened, and how. */
export interface Opening {
  readonly tenant: string;
  /** As the client named it. */
  readonly name: string;
  readonly config: DatabaseConfig;
  readonly account: UpstreamAccount;
  /** By which name other processes know the pool; null: it is of one client. */
  readonly sharedAs: string | null;
  readonly breaker: Breaker;
  /** See `ServedDatabase.leave`. */
  readonly onLeft: (served: Served, database: string) => void;
}

/** Upstream statements kept prepared on each connection. */
const sharedStatementsMax = 500;
const healthCheckAfterMs = 30_000;
/** Bytes of prepared texts that are remembered for each database. */
const preparedBytesMax = 4 * 1024 * 1024;
/** What one of them takes beside its text, about. */
const preparedOverheadBytes = 1000;

/** A database with its pool, lanes and all, which connects when a client asks for it. */
export function openServed(opening: Opening, deps: ServedDeps): Served {
  const { tenant, name, config, account, sharedAs, breaker, onLeft } = opening;
  const counters = deps.metrics.database(tenant, config.name);
  const now = () => performance.now();
  const pool = new Pool(poolOptions(config), {
    connect: () =>
      breaker.run(() => connectUpstream(served.target)).catch((error) => tellUnreached(served, error, deps)),
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
    lanes: new SharedLanes(pool, lanesOptions(config, deps), counters.shared, now),
    share: sharedAs === null ? null : deps.siblings.share(sharedAs, pool, () => served.config.pool),
    notifications: new Notifications({
      connect: () => connectToListen(served, deps),
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
    leave: (database) => onLeft(served, database),
    leftUntil: 0,
    clients: 0,
    clientsElsewhere: 0,
    target: targetOf(account, deps),
    config,
  };
  judgeServed(served, deps);
  return served;
}

/** What judges its statements from now on: policies where there are any, and what may go to a shared lane. */
export function judgeServed(served: Served, deps: ServedDeps): void {
  const policies = deps.policiesOf(served.tenant);
  const isJudged = policies !== null || served.config.pool.mode === 'auto';
  served.isPoliced = policies !== null;
  const { complexityMax } = served.limits;
  if (isJudged && served.judge?.isFor(policies, complexityMax) === true) return;
  served.judge?.retire();
  served.judge = null;
  if (!isJudged) return;
  served.catalog ??= feedOf(served, deps);
  const { threads, firewalls, metrics } = deps;
  const { catalog } = served;
  served.judge = new Judge(policies, { threads, firewalls, catalog, counters: metrics, isOurName, complexityMax });
}

/** Another configuration holds: sessions go on with its limits and, once they come free, upstreams. */
export function reconfigureServed(served: Served, config: DatabaseConfig, deps: ServedDeps): void {
  if (!isDeepStrictEqual(listeningAt(config), listeningAt(served.config))) served.notifications.close(movedAway());
  served.target = targetOf(movedAccount(served, config), deps);
  served.config = config;
  served.isSessionPooled = config.pool.mode === 'session';
  served.breaker.reconfigure(config.breaker);
  served.limits = config.limits;
  served.rate.setRate(config.limits.ratePerMinute, config.limits.rateBurst);
  served.lanes.reconfigure(lanesOptions(config, deps));
  served.pool.reconfigure(poolOptions(config));
  served.share?.restart();
  served.welcomes.clear();
  judgeServed(served, deps);
}

/** Who comes next gets another; upstreams close as they come free. */
export function closeServed(served: Served): void {
  served.lanes.close();
  served.pool.close();
  served.notifications.close(movedAway());
  retire(served);
}

/** Upstreams are closed now, whatever they do. */
export function destroyServed(served: Served): void {
  retire(served);
  served.lanes.close();
  served.pool.destroy();
  served.notifications.close(endedByAdministrator());
}

export function targetOf(account: UpstreamAccount, { metrics }: ServedDeps): UpstreamTarget {
  return new UpstreamTarget(account, metrics.bytes);
}

function retire(served: Served): void {
  served.share?.close();
  served.judge?.retire();
  served.catalog?.close();
}

function feedOf(served: Served, deps: ServedDeps): CatalogFeed {
  const { threads, log } = deps;
  const connect = (onChange: () => void) => openCatalogConnection(targetOf(catalogAccount(served), deps), onChange);
  const feed = new CatalogFeed({ connect, threads, log, tenant: served.tenant });
  feed.listeners.add(() => served.lanes.onCatalogChanged());
  return feed;
}

function tellUnreached({ tenant, name }: Served, error: Error, { log }: ServedDeps): never {
  log.warn({ tenant, database: name, err: error, cause: error.cause }, 'could not connect to the upstream');
  throw error;
}

/** Apart from the breaker: another account may be refused here, and clients do without. */
async function connectToListen(served: Served, deps: ServedDeps): Promise<PostgresUpstream> {
  try {
    return await connectUpstream(targetOf(listeningAccount(served), deps));
  } catch (error) {
    const { tenant, name } = served;
    const fields = { tenant, database: name, err: error, cause: (error as Error).cause };
    deps.log.warn(fields, 'could not listen for notifications: clients that listen keep their upstreams');
    throw error;
  }
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

/** Of a pool for several processes lanes take their part of this process's part. */
function lanesOptions({ pool }: DatabaseConfig, { siblings }: ServedDeps): SharedLanesOptions {
  const { mode, size, rescueMs, ignoreApplicationName } = pool;
  const part = Math.max(1, Math.floor(size / siblings.processes));
  return { isOn: mode === 'auto', size: part, rescueMs, ignoreApplicationName };
}

/** An upstream's loss as an error that can be logged, with the server's own words where it had any. */
function lossError({ lastWords, cause }: UpstreamLoss): Error {
  if (lastWords === null) return cause ?? new Error('connection lost');
  return new ProxyError('upstreamLost', lastWords.message, { sqlstate: lastWords.sqlstate });
}
