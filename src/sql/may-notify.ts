import type { SessionEffects } from './session-effects.js';

const quiet = new Set([
  'begin',
  'commit',
  'commit and chain',
  'deallocate',
  'fetch',
  'listen',
  'release',
  'reset',
  'rollback',
  'rollback and chain',
  'rollback to',
  'savepoint',
  'select',
  'set',
  'set local',
  'show',
  'table',
  'unlisten',
  'values',
]);

/**
 * Whether a text may send a notification, itself or by a trigger: told from its tokens, and true when unsure. Operators
 * and views that call a function which notifies are not seen.
 */
export function mayNotify(text: string | null, { statements }: SessionEffects): boolean {
  if (text === null || statements === null || /pg_notify/i.test(text)) return true;
  return statements.some(({ command, effect }) => {
    const isUnknown = effect === 'unknown' && command !== 'listen' && command !== 'unlisten';
    return isUnknown || !quiet.has(command);
  });
}
