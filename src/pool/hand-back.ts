import { askUpstream } from '../backend/postgres/own-query.js';
import type { PooledUpstream } from './pooled-upstream.js';
import { reseedSql, SessionSettings } from './session-settings.js';

/**
 * Brings the server session that a client left behind back to the state it started in. `onDone(false)`: that didn't
 * work, so the upstream must be closed.
 */
export function handBackClean(upstream: PooledUpstream, onDone: (isClean: boolean) => void): void {
  const { connection } = upstream;
  if (connection.isLost) return;
  // DISCARD ALL can't run inside a transaction, also not an implicit one, so it goes alone.
  const discard = () =>
    ask(upstream, 'DISCARD ALL', (isDone) => {
      upstream.became(SessionSettings.none, null);
      upstream.statements.clear();
      if (isDone) ask(upstream, reseedSql(), onDone);
      else onDone(false);
    });
  if (connection.isIdle) discard();
  else ask(upstream, 'ROLLBACK', (isDone) => (isDone ? discard() : onDone(false)));
}

/** Asks an upstream that nobody holds for a sign of life. */
export function checkAlive(upstream: PooledUpstream, onAnswer: (isAlive: boolean) => void): void {
  ask(upstream, '', onAnswer);
}

function ask(upstream: PooledUpstream, sql: string, onDone: (isDone: boolean) => void): void {
  askUpstream(upstream.connection, sql, (answer) => onDone(answer.kind === 'value' && upstream.connection.isIdle));
}
