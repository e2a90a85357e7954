import type { PostgresUpstream } from '../backend/postgres/postgres-upstream.js';
import type { CustomNames } from './custom-names.js';
import { differenceSql, SessionSettings, wholeSql } from './session-settings.js';
import { UpstreamStatements } from './upstream-statements.js';

/** A client's hold on upstreams, one at a time. */
export interface UpstreamHolder {
  /** Of the server process that the client takes itself to be connected to. */
  readonly processId: number;
}

/** An upstream with what the pool knows of its session's state. */
export class PooledUpstream {
  readonly statements: UpstreamStatements;
  /** What was set in its session beyond what it started with. */
  settings = SessionSettings.none;
  /** Whose statements may have set more than could be found out; null: nobody's. */
  touchedBy: object | null = null;
  /** Its session holds what nothing takes back: it is closed when its client leaves. */
  isSpent = false;
  /** Cancel requests on their way to the server: until each has arrived, nobody else may use the upstream. */
  cancelsUnderWay = 0;
  /** Who held it last. */
  lastHolder: UpstreamHolder | null = null;
  idleSince: number;
  /** Whom the server takes the connection for, before any SET SESSION AUTHORIZATION. */
  readonly loginUser: string | undefined;

  constructor(
    readonly connection: PostgresUpstream,
    readonly bornAt: number,
    statementsMax: number,
    readonly customNames: CustomNames,
  ) {
    this.statements = new UpstreamStatements(statementsMax);
    this.idleSince = bornAt;
    this.loginUser = connection.parameters.get('session_authorization');
  }

  /**
   * The SQL that gives its session these settings, for the client that `client` stands for; null: it has them already.
   * Where another client may have set what isn't known, all settings are taken back first.
   */
  sqlToBecome(settings: SessionSettings, client: object | null): string | null {
    const isAnothers = this.touchedBy !== null && this.touchedBy !== client;
    return isAnothers ? wholeSql(this.settings, settings) : differenceSql(this.settings, settings);
  }

  /** What `sqlToBecome` gave has been run. */
  became(settings: SessionSettings, client: object | null): void {
    this.settings = settings;
    if (this.touchedBy !== client) this.touchedBy = null;
  }
}
