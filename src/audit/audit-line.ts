import { decimal, quote, quoteOrNull } from './ascii-json.js';
import type { AuditClient, AuditEvent, AuditStatement, StatementEnd } from './audit-event.js';

// A line a statement is hot: it is put together from a part that is made once a client and one that is made once a
// statement text or shape, which takes a fifth of the time of JSON.stringify over an object.

declare const part: unique symbol;
/** The members of a line that say who; made by `clientPart`. */
export type ClientPart = string & { readonly [part]: 'client' };
/** The members that say what; made by `statementPart`. */
export type StatementPart = string & { readonly [part]: 'statement' };

/** Of a name: twice PostgreSQL's own limit and more. */
const nameCharactersMax = 256;
/** Of a shape or a statement's text. */
const textCharactersMax = 16_384;
/** Of relations, rules and what changed. */
const namesMax = 100;

export function clientPart({ tenant, database, user, address, application }: AuditClient): ClientPart {
  const members =
    `"tenant":${quoteName(tenant)},"database":${quoteName(database)},"user":${quoteName(user)},` +
    `"address":${quoteName(address)},"application":${quoteOrNull(application, nameCharactersMax)}`;
  return members as ClientPart;
}

/** @param keeps as `audit.statements` of the configuration */
export function statementPart(statement: AuditStatement, keeps: 'shape' | 'full' | 'none'): StatementPart {
  const { actions, relations, shape, text, verdict, rules, isRewritten } = statement;
  const touched = relations
    .slice(0, namesMax)
    .map(({ name, actions }) => `{"name":${quoteName(name)},"actions":${names(actions)}}`);
  let members = `"action":${quoteList(actions)},"relations":[${touched.join(',')}]`;
  if (keeps !== 'none') members += `,"shape":${quoteOrNull(shape, textCharactersMax)}`;
  if (keeps === 'full') members += `,"statement":${quoteOrNull(text, textCharactersMax)}`;
  const longest = keeps === 'full' ? (text ?? shape) : keeps === 'shape' ? shape : null;
  if (longest !== null && longest.length > textCharactersMax) members += ',"cut":true';
  members += `,"verdict":"${verdict}","rules":${names(rules)},"rewritten":${isRewritten}`;
  return members as StatementPart;
}

/** @param time from `timestamp` */
export function statementLine(time: string, client: ClientPart, statement: StatementPart, end: StatementEnd): string {
  const { rows, copyBytes, durationMs, sqlstate } = end;
  const state = sqlstate === null ? 'null' : quoteName(sqlstate);
  const bytes = copyBytes === null ? '' : `,"bytes":${decimal(copyBytes)}`;
  return (
    `{"time":"${time}","kind":"statement",${client},${statement},` +
    `"rows":${decimal(rows)}${bytes},"durationMs":${decimal(durationMs)},"sqlstate":${state}}\n`
  );
}

export function eventLine(time: string, event: AuditEvent): string {
  let line = `{"time":"${time}","kind":"${event.kind}"`;
  for (const name of [
    'tenant',
    'database',
    'user',
    'address',
    'application',
    'method',
    'outcome',
    'verdict',
  ] as const) {
    const value = event[name];
    if (value !== undefined) line += `,"${name}":${quoteOrNull(value, nameCharactersMax)}`;
  }
  for (const name of ['added', 'removed', 'changed'] as const) {
    const list = event[name];
    if (list !== undefined) line += `,"${name}":${names(list)}`;
  }
  if (event.durationMs !== undefined) line += `,"durationMs":${decimal(event.durationMs)}`;
  if (event.sqlstate !== undefined) line += `,"sqlstate":${quoteOrNull(event.sqlstate, nameCharactersMax)}`;
  if (event.detail !== undefined) line += `,"detail":${quote(event.detail, textCharactersMax)}`;
  return `${line}}\n`;
}

/** Says that events before this line are missing. `reason` is the system's error code, or `slow`. */
export function gapLine(time: string, lost: number, since: string, reason: string): string {
  return `{"time":"${time}","kind":"gap","lost":${lost},"since":"${since}","reason":${quoteName(reason)}}\n`;
}

function quoteName(name: string): string {
  return quote(name, nameCharactersMax);
}

function names(list: readonly string[]): string {
  return `[${list.slice(0, namesMax).map(quoteName).join(',')}]`;
}

/** One string, since most have one name: `"select,copy-out"`; null for none. */
function quoteList(names: readonly string[]): string {
  return names.length === 0 ? 'null' : quote(names.join(','), textCharactersMax);
}
