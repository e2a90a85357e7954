import { bindText } from '../sql/bind/bind.js';
import type { BoundStatement } from '../sql/bind/bound.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import type { Parse, ParsedText } from '../sql/rewrite/parse.js';
import { qualifiedName, type Restriction } from '../sql/rewrite/restriction.js';
import { type Restrictions, rewrite, visibilityIn } from '../sql/rewrite/rewrite.js';
import { applySplices, type Meant, type Splice } from '../sql/rewrite/splice.js';
import { parseAsMeant } from '../sql/rewrite/verify.js';
import { isShareable } from '../sql/sharing/is-shareable.js';
import type { StatementFacts } from '../sql/statement-facts.js';
import type { Question } from './question.js';

/** What a text is judged by. */
export interface Judged {
  readonly question: Question;
  /** Of the client's statement, which only reads. */
  readonly facts: StatementFacts;
  readonly index: CatalogIndex;
  readonly restrictions: Restrictions;
  readonly parse: Parse;
}

/** These add nothing that is called, but for what reading the restricted relation calls. */
const plain: ReadonlySet<Meant['kind']> = new Set(['subquery', 'schema', 'qualifier', 'grouping', 'items']);

/** Whether reading a relation under a restriction leaves no trace, found out once. */
const known = new WeakMap<Restriction, boolean>();

/**
 * Whether what is sent for a harmless statement is harmless as well: filters and masks call functions, too.
 * @param sent the tree of what is sent
 */
export function isSentHarmlessly(
  judged: Judged,
  bound: BoundStatement,
  splices: readonly Splice[],
  sent: ParsedText,
): boolean {
  if (!splices.every(({ meant }) => plain.has(meant.kind)))
    return isHarmless(judged, judged.question.text, splices, sent);
  return bound.relations.every(({ relation }) => {
    const restriction = judged.restrictions.get(relation.oid);
    return restriction === undefined || isReadHarmlessly(judged, restriction);
  });
}

function isReadHarmlessly(judged: Judged, restriction: Restriction): boolean {
  const found = known.get(restriction) ?? isWholeReadHarmlessly(judged, restriction);
  known.set(restriction, found);
  return found;
}

/** With all its columns, and so with every mask. */
function isWholeReadHarmlessly(judged: Judged, { relation }: Restriction): boolean {
  const { index, restrictions, parse, question } = judged;
  const text = `SELECT * FROM ${qualifiedName(relation)}`;
  const tree = parse(text);
  const [result] = bindText(text, tree, index, { ...contextOf(question), visibility: visibilityIn(restrictions) });
  if (result?.ok !== true) return false;
  const rewritten = rewrite(text, result.bound, index, restrictions);
  if (!rewritten.ok) return false;
  const sent = parseAsMeant(text, rewritten.splices, parse, tree);
  return sent !== null && isHarmless(judged, text, rewritten.splices, sent);
}

function isHarmless(
  { question, facts, index }: Judged,
  text: string,
  splices: readonly Splice[],
  sent: ParsedText,
): boolean {
  const [result] = bindText(applySplices(text, splices), sent, index, contextOf(question));
  return result?.ok === true && isShareable(result.bound, facts, index).isShareable;
}

function contextOf({ who, upstreamUser, temporary, parameterTypes }: Question) {
  return { searchPath: who.searchPath, user: upstreamUser, temporary, parameterTypes };
}
