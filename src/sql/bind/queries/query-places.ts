import { type Fields, listOf, nodeOf, structOf } from '../../facts/tree.js';
import { unknownConstruct } from '../refusal.js';
import { firstLocation, locationOf, type SourceText } from '../source-text.js';

/**
 * The first word of a query, behind its WITH: SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE or MERGE, as a token. The
 * parser doesn't say where a SELECT stands, so it is found from the first thing in it that has a place. What stands
 * right before that can be no label, even behind AS: CREATE TABLE t AS SELECT.
 */
export function queryFirst(source: SourceText, kind: string, fields: Fields): number {
  switch (kind) {
    case 'SelectStmt':
      return selectFirst(source, fields);
    case 'InsertStmt':
      return before(source, relationFirst(source, fields), 'insert', /^(into)$/);
    case 'UpdateStmt':
      return before(source, relationFirst(source, fields), 'update', /^(only)$/);
    case 'DeleteStmt':
      return before(source, relationFirst(source, fields), 'delete', /^(from|only)$/);
    case 'MergeStmt':
      return before(source, relationFirst(source, fields), 'merge', /^(into|only)$/);
    default:
      throw unknownConstruct(kind);
  }
}

function relationFirst(source: SourceText, fields: Fields): number {
  return source.tokenAt(locationOf(structOf(fields.relation) ?? {}) ?? 0);
}

/** Walks back over opening parentheses and some words to a keyword. */
function before(source: SourceText, from: number, keyword: string, between: RegExp): number {
  let at = from - 1;
  while (at >= 0 && (source.is(at, '(') || between.test(source.word(at)))) at--;
  if (source.word(at) !== keyword)
    throw unknownConstruct(`${keyword.toUpperCase()} that cannot be located`, source.start(from));
  return at;
}

function selectFirst(source: SourceText, fields: Fields): number {
  const left = structOf(fields.larg);
  if (left !== null) return queryOpening(source, left);
  if (listOf(fields.valuesLists).length > 0) {
    return before(source, source.tokenAt(required(firstLocation(fields.valuesLists))), 'values', /^$/);
  }
  const target = nodeOf(listOf(fields.targetList)[0]);
  const location = target === null ? null : locationOf(target.fields);
  if (location !== null) return selectBefore(source, source.tokenAt(location));
  const [item] = listOf(fields.fromClause);
  if (item !== undefined) {
    const first = fromFirst(source, item);
    if (target !== null) return before(source, first, 'table', /^(only)$/);
    return before(source, before(source, first, 'from', /^(lateral|rows|only)$/), 'select', /^(all)$/);
  }
  const where = firstLocation(fields.whereClause);
  if (where !== null) {
    return before(source, before(source, source.tokenAt(where), 'where', /^$/), 'select', /^(all)$/);
  }
  // Of a SELECT of nothing from nowhere there is only the word.
  const only = source.only('select');
  if (only < 0) throw unknownConstruct('SELECT that cannot be located');
  return only;
}

function required(location: number | null): number {
  if (location === null) throw unknownConstruct('SELECT that cannot be located');
  return location;
}

/** From the first item of a select list back over ALL, DISTINCT and DISTINCT ON (...). */
function selectBefore(source: SourceText, item: number): number {
  let at = item - 1;
  if (source.is(at, ')') && source.word(source.partner(at) - 1) === 'on') at = source.partner(at) - 2;
  if (source.word(at) === 'distinct' || source.word(at) === 'all') at--;
  if (source.word(at) !== 'select') throw unknownConstruct('SELECT that cannot be located', source.start(item));
  return at;
}

/** The first word of a query, WITH included. */
function queryOpening(source: SourceText, fields: Fields): number {
  const withClause = structOf(fields.withClause);
  if (withClause !== null) return source.tokenAt(locationOf(withClause) ?? 0);
  return selectFirst(source, fields);
}

/** A token at or near the start of an item of FROM, with nothing but parentheses and words before it. */
function fromFirst(source: SourceText, item: unknown): number {
  const node = nodeOf(item);
  const fields = node?.fields ?? {};
  switch (node?.kind) {
    case 'JoinExpr':
      return fromFirst(source, fields.larg);
    case 'RangeTableSample':
      return fromFirst(source, fields.relation);
    case 'RangeSubselect':
      return queryOpening(source, nodeOf(fields.subquery)?.fields ?? {});
    case 'RangeFunction':
      return source.tokenAt(required(firstLocation(fields.functions)));
    default:
      return source.tokenAt(required(locationOf(fields)));
  }
}
