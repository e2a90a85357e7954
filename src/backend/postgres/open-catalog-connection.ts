import { backend } from '../../../protocol/message-types.js';
import { ddlChannel } from '../../catalog/event-trigger.js';
import type { CatalogConnection } from '../../catalog/reopening-reader.js';
import { connectUpstream } from './connect-upstream.js';
import { askUpstream } from './own-query.js';
import type { PostgresUpstream, ReplyOwner } from './postgres-upstream.js';
import type { UpstreamTarget } from './upstream-target.js';

/** More than the statement_timeout that a catalog is read with. */
const bounds = { user: 'catalog', withinMs: 20_000 } as const;

/**
 * A connection of the daemon's own, to read a catalog over. Rejects as `connectUpstream` does.
 * @param onChange the operator's event trigger has told of a change
 */
export async function openCatalogConnection(
  target: UpstreamTarget,
  onChange: () => void = () => {},
): Promise<CatalogConnection> {
  const upstream = await connectUpstream(target);
  upstream.unref();
  upstream.attached = new ChangeListener(onChange);
  const connection = catalogConnection(upstream);
  // A standby takes no LISTEN, and has no changes of its own.
  await connection.ask(`LISTEN ${ddlChannel}`).catch(() => {});
  return connection;
}

/** Reads a catalog over an upstream that nobody else uses meanwhile. */
export function catalogConnection(upstream: PostgresUpstream): CatalogConnection {
  return {
    ask: (sql) =>
      new Promise((resolve, reject) => {
        if (upstream.isLost) return reject(new Error('the connection for the catalog was lost'));
        askUpstream(
          upstream,
          sql,
          (answer) => {
            if (answer.kind === 'value') resolve(answer.value);
            else if (answer.kind === 'refused') reject(new Error(`${answer.error.sqlstate}: ${answer.error.message}`));
            else reject(answer.loss.cause ?? new Error('the connection for the catalog was lost'));
          },
          bounds,
        );
      }),
    close: () => upstream.close(),
  };
}

class ChangeListener implements ReplyOwner {
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  onAsync(type: number): void {
    if (type === backend.NotificationResponse) this.#onChange();
  }

  onBytes(): void {}
  onReply(): void {}
  onTurn(): void {}
  onSkipped(): void {}
  onLost(): void {}
}
