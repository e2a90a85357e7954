import type { Breaker } from '../../breaker/breaker.js';
import type { BoundedCache } from '../../cache/bounded-cache.js';
import type { LimitsConfig } from '../../config/config.js';
import type { CatalogFeed } from '../../judge/catalog-feed.js';
import type { Judge } from '../../judge/judge.js';
import type { TokenBucket } from '../../limits/token-bucket.js';
import type { Notifications } from '../../pool/notifications.js';
import type { Pool } from '../../pool/pool.js';
import type { SharedLanes } from '../../pool/shared-lanes.js';
import type { DatabaseCounters } from '../../telemetry/database-counters.js';
import type { Welcome } from '../startup/welcome.js';
import type { Statement } from '../statements/statement.js';

/** What sessions share that are connected to the same database of the same tenant as the same upstream user. */
export interface ServedDatabase {
  readonly tenant: string;
  /** As the client named it. */
  readonly name: string;
  /** Clients that come now keep an upstream for the whole session, so that nothing of it has to be followed. */
  readonly isSessionPooled: boolean;
  readonly pool: Pool;
  readonly lanes: SharedLanes;
  /** For clients without an upstream of their own. */
  readonly notifications: Notifications;
  readonly breaker: Breaker;
  /** Null: nothing is judged, neither by a policy nor for shared lanes. */
  judge: Judge | null;
  /** The tenant has policies; without, everything is allowed. */
  readonly isPoliced: boolean;
  /** Whom the server takes the sessions for. */
  readonly upstreamUser: string;
  /** Null where nothing is judged. */
  readonly catalog: CatalogFeed | null;
  limits: LimitsConfig;
  /** Statements a minute. */
  readonly rate: TokenBucket;
  readonly counters: DatabaseCounters;
  /** What servers reported after each set of start-up settings, by the settings' key. */
  readonly welcomes: Map<string, Welcome>;
  /** Texts that were prepared lately, where no policy tells clients apart. */
  readonly prepared: BoundedCache<Statement>;
  /** A statement is sent that wants nobody to be connected to that database of the same server. */
  readonly leave: (database: string) => void;
  /** Clients connected now. */
  clients: number;
  /** Clients of other processes that serve the same port, as far as is known. */
  clientsElsewhere: number;
}
