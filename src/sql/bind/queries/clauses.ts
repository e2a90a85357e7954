import type { ClauseName, Span } from '../bound.js';
import type { SourceText } from '../source-text.js';

/** Clauses of a query found in its tokens: keywords outside of brackets and CASE. All of them are reserved words. */
export interface ClauseTokens {
  /** The last token of the query. */
  readonly last: number;
  readonly starts: ReadonlyMap<ClauseName, number>;
  readonly whens: readonly number[];
}

const clauseWords: ReadonlySet<string> = new Set(
  'into values from using where group having window order limit offset fetch for returning'.split(' '),
);

const armEnds: ReadonlySet<string> = new Set(['union', 'intersect', 'except']);

/**
 * @param first the query's first word: SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE
 * @param stop a token to end before, where brackets don't: ON CONFLICT and RETURNING behind INSERT's query
 */
export function findClauses(source: SourceText, first: number, stop: number = source.length): ClauseTokens {
  const command = source.word(first);
  const starts = new Map<ClauseName, number>();
  const whens: number[] = [];
  if (command === 'select' || command === 'values') starts.set(command, first);
  let caseDepth = 0;
  let last = first;
  for (let at = first + 1; at < stop; at = source.skip(at)) {
    if (source.is(at, ')') || source.is(at, ']') || source.is(at, ';')) break;
    const word = source.keyword(at);
    if (word === 'case') caseDepth++;
    else if (word === 'end' && caseDepth > 0) caseDepth--;
    else if (caseDepth === 0 && word !== '') {
      if (command !== 'insert' && armEnds.has(word)) break;
      const name = clauseAt(source, at, word, command);
      if (name === 'when') whens.push(at);
      else if (name !== null && !starts.has(name)) starts.set(name, at);
    }
    last = source.skip(at) - 1;
  }
  return { last, starts, whens };
}

function clauseAt(source: SourceText, at: number, word: string, command: string): ClauseName | null {
  if (word === 'from' && isOfDistinct(source, at)) return null;
  if (word === 'group' && source.word(at - 1) === 'within') return null;
  if (word === 'set') return command === 'update' ? 'set' : null;
  if (word === 'on') {
    if (command === 'merge') return 'on';
    return null;
  }
  // A join's USING has its columns in brackets behind it, and so can a sub-select in DELETE's.
  if (word === 'using') return command === 'delete' || command === 'merge' ? 'using' : null;
  if (word === 'when') return command === 'merge' ? 'when' : null;
  if (command === 'merge') return word === 'into' || word === 'returning' ? (word as ClauseName) : null;
  return clauseWords.has(word) ? (word as ClauseName) : null;
}

/** IS [NOT] DISTINCT FROM. */
function isOfDistinct(source: SourceText, from: number): boolean {
  return source.word(from - 1) === 'distinct' && /^(is|not)$/.test(source.word(from - 2));
}

/** Each clause from its word to the token before the next one. */
export function clauseSpans(source: SourceText, clauses: ClauseTokens): Partial<Record<ClauseName, Span>> {
  const entries = [...clauses.starts].sort((a, b) => a[1] - b[1]);
  const spans: Partial<Record<ClauseName, Span>> = {};
  entries.forEach(([name, start], index) => {
    const next = entries[index + 1]?.[1] ?? clauses.last + 1;
    spans[name] = source.span(start, next - 1);
  });
  return spans;
}

/** The token before the clause that follows another, or the query's last. */
export function clauseEnd(clauses: ClauseTokens, name: ClauseName): number {
  const start = clauses.starts.get(name) ?? -1;
  const later = [...clauses.starts.values(), ...clauses.whens].filter((at) => at > start);
  return later.length === 0 ? clauses.last : Math.min(...later) - 1;
}

const expressionEnds: ReadonlySet<string> = new Set(
  `join inner left right full cross natural on from where group having window order limit offset fetch for union intersect
  except returning using when set then`.split(/\s+/),
);

/** The last token of an expression that starts here and ends at a bracket, comma, semicolon or the next clause. */
export function expressionLast(source: SourceText, first: number): number {
  let caseDepth = 0;
  let at = first;
  for (; at < source.length; at = source.skip(at)) {
    if (source.is(at, ')') || source.is(at, ']') || source.is(at, ';') || source.is(at, ',')) break;
    const word = source.keyword(at);
    if (word === 'case') caseDepth++;
    else if (word === 'end' && caseDepth > 0) caseDepth--;
    else if (caseDepth === 0 && expressionEnds.has(word) && !isInExpression(source, at, word)) break;
  }
  return at - 1;
}

/** left('abc', 1) and right(...) are functions. */
function isInExpression(source: SourceText, at: number, word: string): boolean {
  if (word === 'from') return isOfDistinct(source, at);
  return (word === 'left' || word === 'right') && source.is(at + 1, '(');
}
