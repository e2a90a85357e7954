import { ProxyError } from '../../errors/proxy-error.js';

/** A run-time setting and its value. */
export type Setting = readonly [name: string, value: string];

export interface StartupOptions {
  /** In the order given, up to the first mistake. */
  readonly settings: readonly Setting[];
  /** The first mistake, 42601. PostgreSQL reads `options` after authentication: only then it may be told. */
  readonly mistake: ProxyError | null;
}

/**
 * What the switches of `postgres` stand for that a client may give (process_postgres_switches in postgres.c); null
 * where the argument is the value. Those that a client's server process ignores are here without a setting.
 */
const switches: Readonly<Record<string, readonly (readonly [name: string, value: string | null])[]>> = {
  B: [['shared_buffers', null]],
  C: [],
  D: [],
  E: [],
  e: [['datestyle', 'euro']],
  F: [['fsync', 'false']],
  h: [['listen_addresses', null]],
  i: [['listen_addresses', '*']],
  j: [],
  k: [['unix_socket_directories', null]],
  l: [['ssl', 'true']],
  N: [['max_connections', null]],
  n: [],
  O: [['allow_system_table_mods', 'true']],
  P: [['ignore_system_indexes', 'true']],
  p: [['port', null]],
  r: [],
  S: [['work_mem', null]],
  s: [['log_statement_stats', 'true']],
  T: [],
  v: [],
  W: [['post_auth_delay', null]],
};

/** Switches that take an argument, in the same word or as the next one. */
const withArgument = new Set('BcCDfhkNprStvW-');

/** `-f` and its letter: plan types not to use (set_plan_disabling_options). */
const planTypes: Readonly<Record<string, string>> = {
  s: 'enable_seqscan',
  i: 'enable_indexscan',
  o: 'enable_indexonlyscan',
  b: 'enable_bitmapscan',
  t: 'enable_tidscan',
  n: 'enable_nestloop',
  m: 'enable_mergejoin',
  h: 'enable_hashjoin',
};

/** Reads the start-up parameter `options` as PostgreSQL does: the command line of a server process. */
export function readStartupOptions(text: string): StartupOptions {
  const settings: Setting[] = [];
  try {
    for (const [letter, argument] of switchesOf(splitOptions(text))) settings.push(...settingsOf(letter, argument));
    return { settings, mistake: null };
  } catch (error) {
    if (error instanceof ProxyError) return { settings, mistake: error };
    throw error;
  }
}

/** Splits at white space that no backslash stands before; a backslash goes, what it stands before stays (pg_split_opts). */
export function splitOptions(text: string): string[] {
  const words = text.match(/(?:\\[\s\S]?|[^\\ \t\n\v\f\r])+/g) ?? [];
  return words.map((word) => word.replace(/\\([\s\S]?)/g, '$1'));
}

/** Letters with their arguments, as getopt finds them: `-ec name=value`, `-cname=value`, `--name=value`. */
function* switchesOf(words: readonly string[]): Generator<readonly [letter: string, argument: string]> {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    // getopt takes `--` for the end of the switches, and nothing may follow.
    if (word === '--' && i === words.length - 1) return;
    if (word === '--' || word === '-' || !word.startsWith('-')) throw invalid(word === '--' ? words[i + 1] : word);
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] ?? '';
      if (!withArgument.has(letter)) {
        yield [letter, ''];
        continue;
      }
      const argument = at + 1 < word.length ? word.slice(at + 1) : words[++i];
      if (argument === undefined) throw invalid(word);
      yield [letter, argument];
      break;
    }
  }
}

function settingsOf(letter: string, argument: string): Setting[] {
  if (letter === 'c' || letter === '-') return [namedSetting(letter, argument)];
  if (letter === 'f') return [[planTypes[argument] ?? throwInvalid(`-f${argument}`), 'false']];
  if (letter === 't') return [[statisticsSetting(argument), 'true']];
  const meant = switches[letter] ?? throwInvalid(`-${letter}`);
  return meant.map(([name, value]) => [name, value ?? argument]);
}

/** `name=value`, where dashes in the name are underscores (ParseLongOption in guc.c). */
function namedSetting(letter: string, argument: string): Setting {
  const equals = argument.indexOf('=');
  if (equals === -1) {
    throw syntaxError(letter === '-' ? `--${argument} requires a value` : `-c ${argument} requires a value`);
  }
  return [argument.slice(0, equals).replaceAll('-', '_'), argument.slice(equals + 1)];
}

/** `-t` and `pa`rser, `pl`anner or `e`xecutor (get_stats_option_name). */
function statisticsSetting(argument: string): string {
  if (argument.startsWith('pa')) return 'log_parser_stats';
  if (argument.startsWith('pl')) return 'log_planner_stats';
  return argument.startsWith('e') ? 'log_executor_stats' : throwInvalid(`-t${argument}`);
}

function throwInvalid(argument: string): never {
  throw invalid(argument);
}

function invalid(argument = ''): ProxyError {
  return syntaxError(
    `invalid command-line argument for server process: ${argument}`,
    'Try "postgres --help" for more information.',
  );
}

function syntaxError(message: string, hint?: string): ProxyError {
  return new ProxyError('syntaxError', message, { severity: 'FATAL', hint });
}
