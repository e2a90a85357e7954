import { readCalls } from './called-functions.js';
import { readReset, readSet } from './setting-effects.js';
import { StatementReader } from './statement-reader.js';

/** What a statement leaves behind in the server's session, strongest last. */
export type SessionEffect = 'none' | 'local' | 'settings' | 'reset' | 'unknown';

export interface StatementEffect {
  /** Leading keywords, lower case: 'select', 'begin', 'rollback to', 'set', 'set local', 'deallocate', 'discard all', ... */
  readonly command: string;
  readonly effect: SessionEffect;
  /** Settings set or reset, lower case. For 'reset' an empty list means all of them (RESET ALL, DISCARD ALL). */
  readonly names: readonly string[];
  /**
   * The folded name behind DEALLOCATE, EXECUTE, PREPARE, SAVEPOINT, RELEASE, ROLLBACK TO, LISTEN, or of the database that
   * nobody may be connected to; null where there's none.
   */
  readonly target: string | null;
}

export interface SessionEffects {
  /** The strongest effect of all statements. */
  readonly effect: SessionEffect;
  /** The first statement's command, '' for an empty text. */
  readonly first: string;
  /** One entry a statement; empty for an empty text, null where statements can't be told apart (effect is 'unknown'). */
  readonly statements: readonly StatementEffect[] | null;
  /** Whether it looks at what the session has prepared. */
  readonly seesPrepared: boolean;
  /** It may draw numbers from sequences, by default values too, which currval() and lastval() then tell. */
  readonly drawsNumbers: boolean;
  /** It asks by currval() or lastval() for what the session has drawn. */
  readonly seesNumbers: boolean;
  /** It may leave what can be neither carried over to another session, nor asked about, nor taken back. */
  readonly staysBehind: boolean;
}

/** Of a text that isn't looked into. */
export const unknownEffects: SessionEffects = {
  effect: 'unknown',
  first: '',
  statements: null,
  seesPrepared: false,
  drawsNumbers: true,
  seesNumbers: false,
  staysBehind: false,
};

/** Longer texts aren't looked into: asking the server what state it is in costs less. */
const textCharsMax = 1_048_576;

const strength: Record<SessionEffect, number> = { none: 0, local: 1, settings: 2, reset: 3, unknown: 4 };

/**
 * What a text does to the session that runs it, told from its tokens alone. Unsure means 'unknown'. What a function of
 * the user's own, a trigger or an operator does isn't seen but where the function is called by a name of its own.
 * Assumes standard_conforming_strings = on and an encoding whose every byte of a multi-byte character is above ASCII
 * (UTF-8, LATIN n); others can hide a quote.
 */
export function sessionEffects(text: string): SessionEffects {
  if (text.length > textCharsMax) return unknownEffects;
  const reader = new StatementReader(text);
  const statements: StatementEffect[] = [];
  let effect: SessionEffect = 'none';
  for (; !reader.isAtEnd; reader.nextStatement()) {
    const statement = readStatement(reader);
    statements.push(statement);
    if (strength[statement.effect] > strength[effect]) effect = statement.effect;
  }
  const first = statements[0]?.command ?? '';
  if (reader.isUnsure) return { ...unknownEffects, first, staysBehind: staying.test(text) };
  const { namesPrepared: seesPrepared, seesNumbers } = reader;
  const staysBehind = effect !== 'none' && staying.test(text);
  const drawsNumbers = reader.drawsNumbers || statements.some(mayDraw);
  return { effect, first, statements, seesPrepared, drawsNumbers, seesNumbers, staysBehind };
}

/**
 * Names what random() follows, connections of the session's own to other servers, backups and temporary slots; anywhere,
 * since DO runs what is in a text.
 */
const staying =
  /\bsetseed\b|\bset\s+(?:session\s+|local\s+)?"?seed\b|'seed'|\bdblink_connect|\bpg_(?:backup_start|start_backup)\b|\bpg_(?:create|copy)_\w+_slot\b|\bpg_replication_origin_session_/i;

function readStatement(reader: StatementReader): StatementEffect {
  // A query in parentheses: ((select 1) union ...).
  while (reader.isAtOpening) reader.advance();
  const { word } = reader;
  if (callingWords.has(word)) return readCalls(reader, word);
  const read = Object.hasOwn(readers, word) ? readers[word] : undefined;
  reader.advance();
  return read === undefined ? { ...unknown, command: word } : read(reader, word);
}

const control = /^(?:begin|commit|rollback|savepoint|release)/;

/** Whether a statement only begins, ends or marks a transaction; it names nothing. */
export function controlsTransaction(command: string): boolean {
  return control.test(command);
}

const commandsForEmptyDatabases = new Set(['create database', 'alter database', 'drop database']);

/** The database that the server wants nobody to be connected to while the statement runs (PG 19.3, 19.5); null: none. */
export function databaseToLeave({ first, statements }: SessionEffects): string | null {
  // None of them may be one of several.
  return commandsForEmptyDatabases.has(first) ? (statements?.[0]?.target ?? null) : null;
}

/** Commands that may write rows with default values. */
const drawing = new Set(['insert', 'merge', 'with', 'copy', 'call', 'do', 'execute']);
/** Commands whose effect is unknown, but that run no expression. */
const runningNothing = new Set(['listen', 'unlisten', 'prepare', 'deallocate', 'deallocate all']);

function mayDraw({ command, effect }: StatementEffect): boolean {
  return drawing.has(command) || (effect === 'unknown' && !runningNothing.has(command));
}

const queryWords = ['select', 'insert', 'update', 'delete', 'merge', 'values', 'table', 'with'];
const callingWords = new Set([...queryWords, 'copy']);

const unknown: StatementEffect = { command: '', effect: 'unknown', names: [], target: null };

type Read = (reader: StatementReader, command: string) => StatementEffect;

const harmless: Read = (_, command) => ({ command, effect: 'none', names: [], target: null });
const unsure: Read = (_, command) => ({ ...unknown, command });

const readers: Readonly<Record<string, Read>> = {
  explain: readExplain,
  create: readCreate,
  alter: readAlter,
  drop: readDrop,
  declare: readDeclare,
  begin: transaction('begin'),
  start: transaction('begin'),
  commit: readCommit,
  end: readCommit,
  rollback: readRollback,
  abort: readRollback,
  savepoint: (reader) => targeting('savepoint', 'local', reader),
  release: (reader) => {
    reader.accept('savepoint');
    return targeting('release', 'local', reader);
  },
  prepare: (reader) => {
    if (reader.accept('transaction')) return local('prepare transaction');
    return targeting('prepare', 'unknown', reader);
  },
  execute: (reader) => targeting('execute', 'unknown', reader),
  deallocate: readDeallocate,
  set: readSet,
  reset: readReset,
  discard: readDiscard,
  listen: (reader) => targeting('listen', 'unknown', reader),
  unlisten: (reader) => targeting('unlisten', 'unknown', reader),
  call: unsure,
  do: unsure,
  load: unsure,
  ...Object.fromEntries(
    `analyze analyse checkpoint close cluster comment fetch grant lock move notify reassign refresh reindex revoke
    security show truncate vacuum`
      .split(/\s+/)
      .map((word) => [word, harmless]),
  ),
};

function local(command: string): StatementEffect {
  return { command, effect: 'local', names: [], target: null };
}

function transaction(command: string): Read {
  return () => local(command);
}

function targeting(command: string, effect: SessionEffect, reader: StatementReader): StatementEffect {
  const name = reader.name();
  return { command, effect, names: [], target: name?.parts.length === 1 ? (name.parts[0] as string) : null };
}

function readCommit(reader: StatementReader, word: string): StatementEffect {
  if (word === 'commit' && reader.accept('prepared')) return local('commit prepared');
  return local(readChain(reader) ? 'commit and chain' : 'commit');
}

function readRollback(reader: StatementReader, word: string): StatementEffect {
  if (word === 'rollback' && reader.accept('prepared')) return local('rollback prepared');
  reader.acceptOneOf('work', 'transaction');
  if (reader.accept('to')) {
    reader.accept('savepoint');
    return targeting('rollback to', 'local', reader);
  }
  return local(readChain(reader) ? 'rollback and chain' : 'rollback');
}

function readChain(reader: StatementReader): boolean {
  reader.acceptOneOf('work', 'transaction');
  return reader.accept('and') && reader.accept('chain');
}

function readDeallocate(reader: StatementReader): StatementEffect {
  reader.accept('prepare');
  if (reader.accept('all')) return { ...unknown, command: 'deallocate all' };
  return targeting('deallocate', 'unknown', reader);
}

function readDiscard(reader: StatementReader): StatementEffect {
  const what = reader.acceptOneOf('all', 'plans', 'sequences', 'temp', 'temporary');
  if (what === 'all') return { command: 'discard all', effect: 'reset', names: [], target: null };
  if (what === '') return { ...unknown, command: 'discard' };
  return { command: `discard ${what.slice(0, 4) === 'temp' ? 'temp' : what}`, effect: 'none', names: [], target: null };
}

/** EXPLAIN ANALYZE runs its statement: EXECUTE, CREATE TABLE AS and DECLARE are rare enough to be left unknown. */
function readExplain(reader: StatementReader): StatementEffect {
  if (reader.isAtOpening) {
    while (!reader.isAtStatementEnd && !reader.isAtClosing) reader.advance();
    reader.advance();
  } else {
    while (reader.acceptOneOf('analyze', 'analyse', 'verbose') !== '');
  }
  while (reader.isAtOpening) reader.advance();
  return queryWords.includes(reader.word) ? readCalls(reader, 'explain') : { ...unknown, command: 'explain' };
}

/** A cursor lives as long as its transaction, but for WITH HOLD. */
function readDeclare(reader: StatementReader): StatementEffect {
  let isHeld = false;
  while (!reader.isAtStatementEnd && reader.word !== 'for') {
    if (reader.accept('with') && reader.accept('hold')) isHeld = true;
    else reader.advance();
  }
  const query = readCalls(reader, 'declare');
  if (isHeld) return { ...query, effect: 'unknown' };
  return query.effect === 'none' ? { ...query, effect: 'local' } : query;
}

/** What runs a part of its text at once. Other definitions are kept and run later, in somebody else's statement. */
const runningDefinitions = new Set(['table', 'materialized', 'unlogged', 'schema']);
const keptDefinitions = new Set(
  `access aggregate cast collation constraint conversion default domain event foreign function group language
  operator policy procedure publication recursive role rule sequence server statistics subscription tablespace text
  transform trigger trusted type user view`.split(/\s+/),
);

function readCreate(reader: StatementReader): StatementEffect {
  if (reader.accept('or')) reader.accept('replace');
  const what = reader.word;
  if (what === 'index' || what === 'unique') return readCalls(reader, 'create index');
  if (runningDefinitions.has(what)) return readCalls(reader, 'create');
  if (what === 'database') return readCreateDatabase(reader);
  if (!keptDefinitions.has(what)) return { ...unknown, command: 'create' }; // TEMP, EXTENSION
  return readDefinition(reader);
}

/** Over a definition, unless its statements can't be told from those behind it, or it goes into the temporary schema. */
function readDefinition(reader: StatementReader): StatementEffect {
  let effect: SessionEffect = 'none';
  for (; !reader.isAtStatementEnd; reader.advance()) {
    if (reader.word === 'atomic' || reader.word.startsWith('pg_temp')) effect = 'unknown';
  }
  return { command: 'create', effect, names: [], target: null };
}

/** The template is copied: `template1` where none is named. */
function readCreateDatabase(reader: StatementReader): StatementEffect {
  const created: StatementEffect = { command: 'create database', effect: 'none', names: [], target: 'template1' };
  while (!reader.isAtStatementEnd && !reader.accept('template')) reader.advance();
  if (reader.isAtStatementEnd) return created;
  let template = reader.name();
  if (template === null) {
    // An equals sign is at hand.
    reader.advance();
    template = reader.name();
  }
  return { ...created, target: template?.parts[0] ?? null };
}

function readAlter(reader: StatementReader): StatementEffect {
  if (!reader.accept('database')) return readCalls(reader, 'alter');
  const target = reader.name()?.parts[0] ?? null;
  const isMoved = reader.accept('rename') || (reader.accept('set') && reader.accept('tablespace'));
  return { command: isMoved ? 'alter database' : 'alter', effect: 'none', names: [], target: isMoved ? target : null };
}

function readDrop(reader: StatementReader, command: string): StatementEffect {
  if (!reader.accept('database')) return harmless(reader, command);
  if (reader.accept('if')) reader.accept('exists');
  return { command: 'drop database', effect: 'none', names: [], target: reader.name()?.parts[0] ?? null };
}
