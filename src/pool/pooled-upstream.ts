import type { PostgresUpstream } from '../backend/postgres/postgres-upstream.js';
import { SessionSettings } from './session-settings.js';
import { UpstreamStatements } from './upstream-statements.js';

/** An upstream with what the pool knows of its session's state. */
export class PooledUpstream {
  readonly statements: UpstreamStatements;
  /** What was set in its session beyond what it started with. */
  settings = SessionSettings.none;
  /** Cancel requests on their way to the server: until each has arrived, nobody else may use the upstream. */
  cancelsUnderWay = 0;
  idleSince: number;
  /** Whom the server takes the connection for, before any SET SESSION AUTHORIZATION. */
  readonly loginUser: string | undefined;

  constructor(
    readonly connection: PostgresUpstream,
    readonly bornAt: number,
    statementsMax: number,
  ) {
    this.statements = new UpstreamStatements(statementsMax);
    this.idleSince = bornAt;
    this.loginUser = connection.parameters.get('session_authorization');
  }
}
