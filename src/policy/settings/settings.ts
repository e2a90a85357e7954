import { isHarmlessSetting } from './reviewed-settings.js';
import { isSearchPathOpen } from './search-path.js';

export { policedSearchPath } from './search-path.js';

const isOn = (value: string): boolean => /^(on|true|tru|tr|t|yes|ye|y|1)$/i.test(value.trim());

const isOff = (value: string): boolean => /^(of|off|false|fals|fal|fa|f|no|n|0)$/i.test(value.trim());

/**
 * The name of a zone, or an offset. What else is a zone to PostgreSQL invents one (PG B.5): names for offsets, which from 18
 * on go before all others, so that it could redefine the UTC of a policy, and changes of the clocks by a fortnight.
 */
const zone =
  /^(?:[a-z_/+-]+|gmt0|etc\/gmt0|(?:etc\/)?gmt[+-]\d\d?(?::?\d\d)?|est5edt|cst6cdt|mst7mdt|pst8pdt|(?:interval ')?[+-]?\d+(?:[.:]\d+){0,2}'?)$/i;

/** Settings that may have some values only: others change how a text is read, the policy's own too. */
const restricted: Readonly<Record<string, (value: string) => boolean>> = {
  client_encoding: (value) => /^(utf8|unicode)$/.test(value.toLowerCase().replace(/[^a-z0-9]/g, '')),
  standard_conforming_strings: isOn,
  array_nulls: isOn,
  // quote_ident is marked immutable, and hangs on it as the texts of roles and schemas do.
  quote_all_identifiers: isOff,
  timezone: (value) => zone.test(value.trim()),
  xmloption: (value) => value.toLowerCase() === 'content',
  // Below that comes what the server logs, statements as they were rewritten.
  client_min_messages: (value) => /^(?:notice|warning|error)$/.test(value.toLowerCase()),
  backslash_quote: (value) => value.toLowerCase() === 'safe_encoding',
};

/**
 * Why a policed client may not have this setting (start-up parameter, SET), or null if it may. The caller says 42501.
 * @param value null: its own default; undefined: not known
 */
export function settingRefusal(name: string, value: string | null | undefined): string | null {
  // Back to where the session started, which was allowed.
  if (value === null || isHarmlessSetting(name)) return null;
  const isAllowed = Object.hasOwn(restricted, name) ? restricted[name] : undefined;
  if (value !== undefined && isAllowed?.(value)) return null;
  if (value !== undefined && name === 'search_path' && isSearchPathOpen(value)) return null;
  const isKnown = isAllowed !== undefined || name === 'search_path';
  return `permission denied: setting "${name}"${isKnown ? ' to this value' : ''} is not allowed for this user`;
}

/**
 * Settings that hold paths, libraries, commands and connection strings: all that PostgreSQL shows to superusers alone, and
 * more. Names with a dot are somebody's own. As JavaScript and PostgreSQL read it.
 */
export const tellingSettings =
  '[.]|file$|_files$|_directory$|_directories$|_command$|_dir$|_destdir$|_librar(y|ies)$|_(library|control)_path$|conninfo|^ssl_|^jit_provider$|^synchronous_standby_names$|^log_filename$';
const telling = new RegExp(`^all$|${tellingSettings}`);

/** Why a policed client may not see this setting, or null if it may. */
export function settingReadRefusal(name: string): string | null {
  return telling.test(name) ? `permission denied: showing setting "${name}" is not allowed for this user` : null;
}
