import { settingRefusal } from '../policy/settings/settings.js';
import type { Session } from './session.js';

/**
 * Whether a session that no policy has had a say in may go on under one: nothing of it is in a server that nobody has looked
 * at, and it has set nothing that a policy refuses.
 */
export function mayBePoliced({ attachment, listening }: Session): boolean {
  const { upstream, isForSession, settings, startSettings } = attachment;
  if (upstream !== null || isForSession || listening?.hasChannels === true) return false;
  const set = [...startSettings.values, ...settings.values];
  return set.every(([name, value]) => settingRefusal(name, value) === null);
}
