import type { CatalogIndex } from '../catalog/catalog-index.js';
import { nodeOf, structOf } from '../facts/tree.js';
import { literalSpans } from '../shape.js';
import { type BindContext, Binder, type QueryOptions, type Rows } from './binder.js';
import type { BindResult, BoundStatement, Span, Utility } from './bound.js';
import { bindExpression } from './expressions/expressions.js';
import { bindSelect } from './queries/select.js';
import { BindError, isStackOverflow, unknownConstruct } from './refusal.js';
import type { Scope } from './scope.js';
import { locationOf, SourceText } from './source-text.js';
import { refuseUnseen } from './unseen.js';
import { definitionKinds } from './utilities/definitions.js';
import { newTemporaryNames } from './utilities/new-temporary-names.js';
import { bindUtility, onlyInto } from './utilities/utilities.js';
import { bindDelete, bindInsert, bindUpdate } from './writes/changes.js';
import { bindMerge } from './writes/merge.js';

const walkers = { expression: bindExpression, query: bindQuery };

/**
 * Binds the statements of a text that libpg-query has parsed: one result each, in order.
 * @param text what was parsed
 * @param parsed what the parser gave: { stmts: [...] }
 */
export function bindText(text: string, parsed: unknown, catalog: CatalogIndex, context: BindContext): BindResult[] {
  const list = structOf(parsed)?.stmts;
  const statements = Array.isArray(list) ? list : [];
  return statements.map((raw) => bindStatement(text, structOf(raw) ?? {}, catalog, context));
}

/** Binds one statement: a RawStmt with its location in the text. Never throws for what a statement can hold. */
export function bindStatement(
  text: string | SourceText,
  raw: Readonly<Record<string, unknown>>,
  catalog: CatalogIndex,
  context: BindContext,
): BindResult {
  let binder: Binder | null = null;
  try {
    const source = typeof text === 'string' ? new SourceText(text) : text;
    binder = new Binder(source, catalog, context, walkers);
    const node = nodeOf(raw.stmt);
    if (node === null) throw unknownConstruct('an empty statement');
    return { ok: true, bound: bound(binder, node.kind, raw) };
  } catch (error) {
    if (isStackOverflow(error)) return tooDeep;
    if (!(error instanceof BindError)) throw error;
    const { sqlstate, message, position, more } = error;
    return {
      ok: false,
      sqlstate,
      message,
      position,
      ...more,
      hangsOnLiterals: binder !== null && hangsOnLiterals(binder),
    };
  }
}

const tooDeep: BindResult = {
  ok: false,
  sqlstate: '54000',
  message: 'statement is too complex: it is nested too deeply to be bound',
  position: null,
  hangsOnLiterals: false,
};

function hangsOnLiterals({ decidingLiterals, source }: Binder): boolean {
  if (decidingLiterals.length === 0) return false;
  const starts = new Set(literalSpans(source.bytes).map(({ start }) => start));
  return decidingLiterals.some((start) => starts.has(start));
}

function bound(binder: Binder, kind: string, raw: Readonly<Record<string, unknown>>): BoundStatement {
  const span = statementSpan(binder.source, raw);
  let rows: Rows | null = null;
  let utility: Utility | null = null;
  if (queryKinds.has(kind)) {
    rows = bindQuery(binder, raw.stmt, null, { isChangingAllowed: true, stop: binder.source.firstFrom(span.end) });
    if (binder.into !== null) {
      onlyInto(binder.into);
      utility = { kind, copy: null, name: null };
    }
  } else {
    ({ rows, utility } = bindUtility(binder, raw.stmt, span));
  }
  if (!definitionKinds.has(kind)) refuseUnseen(binder, raw.stmt);
  // The drafts are finished: what was mutable while binding is read-only from here on.
  const { queries, relations, columns, stars, wholeRows, assigned, functions, operators, casts, types } = binder;
  const { collations, outranked, withQueries, targets, parameters, raising } = binder;
  const output = rows === null || rows.query.output.length === 0 ? null : rows.query.output;
  return {
    kind,
    span,
    queries,
    relations,
    columns,
    stars,
    wholeRows,
    assigned,
    functions,
    operators,
    casts,
    raising,
    types,
    collations,
    outranked,
    defined: [...binder.defined],
    withQueries,
    targets,
    output,
    sourceNames: binder.sourceNames(),
    hangsOnLiterals: hangsOnLiterals(binder),
    parameters: Array.from(parameters, (type) => type ?? 0),
    temporaryNames: utility === null ? [] : newTemporaryNames(raw.stmt),
    utility,
  };
}

function statementSpan(source: SourceText, raw: Readonly<Record<string, unknown>>): Span {
  const start = Number(raw.stmt_location ?? 0);
  const end = raw.stmt_len === undefined ? source.bytes.length : start + Number(raw.stmt_len);
  const first = source.firstFrom(start);
  const last = source.firstFrom(end) - 1;
  if (last < first) throw unknownConstruct('an empty statement', start);
  return source.span(first, source.is(last, ';') && last > first ? last - 1 : last);
}

const queryKinds: ReadonlySet<string> = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

function bindQuery(binder: Binder, node: unknown, parent: Scope | null, options: QueryOptions = {}): Rows {
  const found = nodeOf(node);
  if (found?.kind === 'SelectStmt') {
    const into = structOf(found.fields.intoClause);
    if (into !== null && parent !== null)
      throw new BindError('42601', 'SELECT ... INTO is not allowed here', locationOf(structOf(into.rel) ?? {}));
    return bindSelect(binder, found.fields, parent, options);
  }
  if (options.isChangingAllowed !== true) throw unknownConstruct(`${found?.kind} as a query`);
  switch (found?.kind) {
    case 'InsertStmt':
      return bindInsert(binder, found.fields, parent, options);
    case 'UpdateStmt':
      return bindUpdate(binder, found.fields, parent, options);
    case 'DeleteStmt':
      return bindDelete(binder, found.fields, parent, options);
    case 'MergeStmt':
      return bindMerge(binder, found.fields, parent, options);
    default:
      throw unknownConstruct(`${found?.kind} as a query`);
  }
}
