import type { StatementEffect } from './session-effects.js';
import type { StatementReader } from './statement-reader.js';

const characteristics = [
  'default_transaction_isolation',
  'default_transaction_read_only',
  'default_transaction_deferrable',
];

/** They end with the transaction, whichever way they are set, and can't be reset (GUC_NO_RESET in guc_tables.c). */
export const transactionSettings = ['transaction_isolation', 'transaction_read_only', 'transaction_deferrable'];

/** SET, from behind the word. */
export function readSet(reader: StatementReader): StatementEffect {
  const isLocal = reader.accept('local');
  if (!isLocal && reader.accept('session')) return readSetSession(reader);
  if (reader.accept('constraints')) return local('set constraints', []);
  if (reader.accept('transaction')) return local('set transaction', []);
  const names = readSettingNames(reader);
  if (names === null) return { command: 'set', effect: 'unknown', names: [], target: null };
  return isLocal ? local('set local', names) : setTo(reader, names);
}

/** SET SESSION x, SET SESSION AUTHORIZATION, SET SESSION CHARACTERISTICS; `session` itself names no setting. */
function readSetSession(reader: StatementReader): StatementEffect {
  if (reader.accept('characteristics')) return set(characteristics);
  // The role falls back with who one is.
  if (reader.accept('authorization')) return setTo(reader, ['session_authorization', 'role']);
  const names = readSettingNames(reader);
  return names === null ? { command: 'set', effect: 'unknown', names: [], target: null } : setTo(reader, names);
}

/** RESET, from behind the word. */
export function readReset(reader: StatementReader): StatementEffect {
  if (reader.accept('all')) return reset([]);
  if (reader.accept('session')) {
    return reader.accept('authorization') ? reset(['session_authorization', 'role']) : unknownReset;
  }
  if (reader.accept('transaction')) return local('reset', []);
  const names = readSettingNames(reader);
  if (names === null) return unknownReset;
  return names.every(endsWithTransaction) ? local('reset', names) : reset(names);
}

export function endsWithTransaction(name: string): boolean {
  return transactionSettings.includes(name);
}

const unknownReset: StatementEffect = { command: 'reset', effect: 'unknown', names: [], target: null };

/** Words of the grammar that stand for settings (PG, SET): their names. */
function readSettingNames(reader: StatementReader): string[] | null {
  if (reader.word === 'time') {
    reader.advance();
    return reader.accept('zone') ? ['timezone'] : null;
  }
  const name = reader.name();
  if (name === null) return null;
  const written = name.parts.join('.').toLowerCase();
  // SET NAMES 'x', SET SCHEMA 'x', SET ROLE x: without = or TO, unlike the settings of these names.
  const isGrammar = !name.isQuoted && !reader.isAtStatementEnd && !isAssignment(reader);
  if (!isGrammar) return [written];
  switch (written) {
    case 'names':
      return ['client_encoding'];
    case 'schema':
    case 'catalog':
      return ['search_path'];
    case 'role':
      return ['role'];
    case 'xml':
      return ['xmloption'];
    default:
      return [written];
  }
}

function isAssignment(reader: StatementReader): boolean {
  const { scanner } = reader;
  return reader.word === 'to' || reader.text.slice(scanner.start, scanner.end) === '=';
}

/** SET x TO DEFAULT and SET TIME ZONE LOCAL are RESET x. */
function setTo(reader: StatementReader, names: readonly string[]): StatementEffect {
  const isLocalZone = names[0] === 'timezone' && reader.word === 'local';
  if (isAssignment(reader)) reader.advance();
  if (names.every(endsWithTransaction)) return local('set', names);
  // Nobody can ask what it is.
  if (names.includes('seed')) return { command: 'set', effect: 'unknown', names: [], target: null };
  const effect = isLocalZone || reader.word === 'default' ? 'reset' : 'settings';
  return { command: 'set', effect, names, target: null };
}

function set(names: readonly string[]): StatementEffect {
  return { command: 'set', effect: 'settings', names, target: null };
}

function reset(names: readonly string[]): StatementEffect {
  return { command: 'reset', effect: 'reset', names, target: null };
}

function local(command: string, names: readonly string[]): StatementEffect {
  return { command, effect: 'local', names, target: null };
}
