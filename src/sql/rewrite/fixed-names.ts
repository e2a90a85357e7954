import { bindText } from '../bind/bind.js';
import type { BoundStatement, FunctionUse, OperatorUse, Span } from '../bind/bound.js';
import { isFoundFirst } from '../bind/expressions/operators.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { OperatorSqlError } from './operator-sql-error.js';
import type { Parse } from './parse.js';
import { type NamedNode, operatorSplice, type Splice, schemaSplice } from './splice.js';
import { parseAsMeant } from './verify.js';

/** Where the names of a policy are looked for, whatever path a session has. pg_catalog is searched before it. */
const searchPath: readonly string[] = ['public'];

const reason = 'a name of the policy means the same along every search path';

/**
 * Binds a query made of the operator's SQL, once, and gives what fixes the meaning of each name in it: schemas for
 * relations, functions, types, collations, and for operators that another search path could make others of.
 * @throws OperatorSqlError for what can't be bound, or can't be fixed
 */
export function fixNames(
  text: string,
  parse: Parse,
  index: CatalogIndex,
): { bound: BoundStatement; splices: Splice[] } {
  const parsed = parse(text);
  const [result] = bindText(text, parsed, index, { searchPath, user: '' });
  if (result === undefined || !result.ok) {
    throw new OperatorSqlError(`can't be bound along pg_catalog and public: ${result?.message ?? 'nothing is there'}`);
  }
  const { bound } = result;
  const splices = splicesFor(bound, index);
  if (splices.length > 0 && parseAsMeant(text, splices, parse, parsed) === null) {
    throw new OperatorSqlError('has an operator that binds otherwise with its schema; put brackets around both sides');
  }
  return { bound, splices };
}

function splicesFor(bound: BoundStatement, index: CatalogIndex): Splice[] {
  const named = (of: NamedNode, uses: readonly { span: Span | null; isQualified: boolean; schema: string }[]) =>
    uses.flatMap((use) =>
      use.span === null || use.isQualified ? [] : [schemaSplice(of, use.span.start, use.schema, reason)],
    );
  const relations = bound.relations.map((use) => ({ ...use, span: use.name, schema: use.relation.schema }));
  const functions = bound.functions
    .filter(({ by, span, schema }) => by === 'call' && span !== null && schema === null)
    .map((use) => ({ ...use, isQualified: false, schema: schemaOf('function', use) }));
  return [
    ...named('relation', relations),
    ...named('function', functions),
    ...named('type', bound.types),
    ...named('collation', bound.collations),
    ...bound.operators.flatMap((use) => fixedOperator(use, index) ?? []),
  ];
}

function fixedOperator(use: OperatorUse, index: CatalogIndex): Splice | null {
  const { name, schema, span } = use;
  if (schema !== null || isFoundFirst(index, use)) return null;
  const own = schemaOf('operator', use);
  if (span === null) {
    const advice = `write it with the operator ${name} itself, or cast what it compares`;
    throw new OperatorSqlError(
      `has IN, LIKE, BETWEEN or the like, which takes ${own}.${name} by search_path; ${advice}`,
    );
  }
  return operatorSplice(span, name, own, reason);
}

function schemaOf(what: string, { name, candidates }: FunctionUse | OperatorUse): string {
  const [schema, ...others] = new Set(candidates.map((candidate) => candidate.schema));
  if (schema !== undefined && others.length === 0) return schema;
  throw new OperatorSqlError(`has ${what} ${name}, of which can't be told which one is meant; write its schema`);
}
