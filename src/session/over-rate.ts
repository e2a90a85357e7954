import { ProxyError } from '../errors/proxy-error.js';
import type { Session } from './session.js';

/** Why the statement in the message in hand may not run now: the database's rate limit; null: it may. */
export function overRate({ database, input }: Session): ProxyError | null {
  const { rate } = database;
  input.isWithinRate ||= input.isAgain || rate.take();
  if (input.isWithinRate) return null;
  database.counters.rateLimited += 1;
  const seconds = (rate.retryAfterMs() / 1000).toFixed(1);
  return new ProxyError('rateLimited', 'too many statements for this database', {
    hint: `Try again in ${seconds} seconds.`,
  });
}
