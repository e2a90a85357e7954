import { endedByAdministrator } from '../errors/ended-by-administrator.js';
import { errorResponse } from '../session/error-response.js';
import type { Session } from '../session/session.js';
import type { DatabaseCounters } from '../telemetry/database-counters.js';
import type { Log } from '../telemetry/log.js';

/** How long a stop waits for transactions to end, milliseconds. */
const drainWithinMs = 30_000;
const drainCheckMs = 20;

/** The clients' sessions that a daemon has now. */
export class LiveSessions {
  readonly #sessions = new Set<Session>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  get size(): number {
    return this.#sessions.size;
  }

  add(session: Session): void {
    this.#sessions.add(session);
    this.#log.debug(clientFields(session), 'client connected');
  }

  remove(session: Session, reason: string): void {
    this.#sessions.delete(session);
    this.#log.debug({ ...clientFields(session), reason }, 'client gone');
  }

  /** Ends those whose clients have to connect again. */
  sendAway(hasToComeBack: (session: Session) => boolean): void {
    for (const session of this.#sessions) if (hasToComeBack(session)) sendAway(session);
  }

  /** Ends each as soon as it is in no transaction, or when time is up. Resolves when none is left. */
  async drain(): Promise<void> {
    const until = performance.now() + drainWithinMs;
    while (this.#sessions.size > 0) {
      const isTimeUp = performance.now() > until;
      for (const session of this.#sessions) if (isTimeUp || !session.isInTransaction) sayGoodbye(session);
      await new Promise((resolve) => setTimeout(resolve, drainCheckMs));
    }
  }

  /** Counts anew, for each database, how many are in a transaction and how many aren't. */
  gauge(counted: Iterable<DatabaseCounters>): void {
    for (const { clients } of counted) {
      clients.active = 0;
      clients.idle = 0;
    }
    for (const session of this.#sessions) {
      session.database.counters.clients[session.isInTransaction ? 'active' : 'idle'] += 1;
    }
  }
}

/** The client has to connect again, to be judged by the policies that hold now. */
export function sendAway(session: Session): void {
  const error = endedByAdministrator({
    detail: 'Another policy holds for the database, or another account, than when the connection was made.',
    hint: 'Connect again.',
  });
  session.endWith(errorResponse(error), 'another policy or account holds');
}

function sayGoodbye(session: Session): void {
  session.endWith(errorResponse(endedByAdministrator()), 'the proxy stops');
}

function clientFields({ client, database }: Session) {
  return { user: client.identity.user, tenant: database.tenant, database: database.name, address: client.address };
}
