import type { FunctionUse, RelationUse } from '../bind/bound.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { type NamedNode, operatorSplice, schemaSplice } from './splice.js';

const reason = 'a name keeps the meaning that was decided on';

/** Gives every name that was resolved its schema, but for what `isReplaced`. */
export function qualifyNames(rewriting: Rewriting, isReplaced: (use: RelationUse | FunctionUse) => boolean): void {
  const { bound } = rewriting;
  for (const use of bound.relations) {
    const { relation, name } = use;
    if (use.isQualified || isReplaced(use)) continue;
    addSchema(rewriting, 'relation', name.start, relation.persistence === 't' ? 'pg_temp' : relation.schema);
  }
  for (const use of bound.functions) {
    if (use.by !== 'call' || use.span === null || use.schema !== null || isReplaced(use)) continue;
    addSchema(rewriting, 'function', use.span.start, schemaOf(use));
  }
  for (const use of bound.types) {
    if (use.span !== null && !use.isQualified) addSchema(rewriting, 'type', use.span.start, use.schema);
  }
  for (const use of bound.collations) {
    if (use.span !== null && !use.isQualified) addSchema(rewriting, 'collation', use.span.start, use.schema);
  }
  qualifyOperators(rewriting);
}

function addSchema(rewriting: Rewriting, of: NamedNode, at: number, schema: string): void {
  rewriting.add(schemaSplice(of, at, schema, reason));
}

function schemaOf({ name, candidates, position }: FunctionUse): string {
  const schemas = new Set(candidates.map(({ schema }) => schema));
  const [schema] = schemas;
  if (schema !== undefined && schemas.size === 1) return schema;
  throw new RewriteRefusal('0A000', `which function ${name} is meant cannot be told under a policy`, position);
}

/** PostgreSQL's own are found first; others are few, and OPERATOR() binds otherwise, which verifying would notice. */
function qualifyOperators(rewriting: Rewriting): void {
  for (const { name, schema, candidates, span, position } of rewriting.bound.operators) {
    if (schema !== null || span === null) continue;
    const schemas = new Set(candidates.map((candidate) => candidate.schema));
    const [only] = schemas;
    if (only === undefined || (schemas.size === 1 && only === 'pg_catalog')) continue;
    if (schemas.size > 1) {
      throw new RewriteRefusal('0A000', `which operator ${name} is meant cannot be told under a policy`, position);
    }
    rewriting.add(operatorSplice(span, name, only, reason));
  }
}
