import { ddlStatements } from '../facts/definitions.js';
import { listOf, namesOf, nodeOf, structOf, type TreeNode, textOf } from '../facts/tree.js';
import type { Binder } from './binder.js';
import type { Span, Utility } from './bound.js';
import { indexElement } from './conflicts.js';
import { unknownConstruct } from './refusal.js';
import { noteRelation, sourceOfRelation } from './relation-reference.js';
import { itemOf, Scope } from './scope.js';
import { locationOf } from './source-text.js';
import { oid } from './type-oids.js';

/** Nothing in these is looked up: what they are about is for the kind `ddl` or `temp` to allow. */
const unlookedKinds: ReadonlySet<string> = new Set([
  ...ddlStatements,
  'AlterObjectSchemaStmt',
  'AlterOwnerStmt',
  'AlterSeqStmt',
  'CommentStmt',
  'CreateSeqStmt',
  'RenameStmt',
]);

export const definitionKinds: ReadonlySet<string> = new Set([
  ...['CreateStmt', 'IndexStmt', 'AlterTableStmt', 'DropStmt'],
  ...unlookedKinds,
]);

/** Nodes that run or keep a query: where one stands in DDL, it has to be bound as such, and isn't. */
const queryNodes = /"(SelectStmt|InsertStmt|UpdateStmt|DeleteStmt|MergeStmt|SubLink)":/;

/** Notes the relations that DDL is about, and gives the one that it creates. */
export function bindDefinition(binder: Binder, { kind, fields }: TreeNode, span: Span): Utility['creates'] {
  if (queryNodes.test(JSON.stringify(fields))) throw unknownConstruct(`a query in ${kind}`, span.start);
  if (unlookedKinds.has(kind)) return null;
  const scope = new Scope(null, binder.query('utility', null, span));
  const relation = structOf(fields.relation);
  switch (kind) {
    case 'CreateStmt':
      for (const item of listOf(fields.inhRelations)) {
        const node = nodeOf(item);
        if (node?.kind === 'RangeVar') noteRelation(binder, node.fields, scope.query, 'utility', ['define']);
      }
      return {
        schema: textOf(relation?.schemaname) || null,
        name: textOf(relation?.relname),
        isTemporary: relation?.relpersistence === 't' || relation?.schemaname === 'pg_temp',
      };
    case 'DropStmt':
      dropped(binder, fields.objects);
      return null;
    default: {
      const use = noteRelation(binder, relation ?? {}, scope.query, 'utility', ['define']);
      if (kind !== 'IndexStmt') return null;
      scope.items = [itemOf(sourceOfRelation(binder, use))];
      scope.at('definition', () => {
        for (const item of [...listOf(fields.indexParams), ...listOf(fields.indexIncludingParams)]) {
          indexElement(binder, item, scope, use, locationOf(fields));
        }
        if (fields.whereClause !== undefined)
          binder.coerce(binder.expression(fields.whereClause, scope), oid.bool, scope);
      });
      return null;
    }
  }
}

/** DROP names its objects by lists of words, which say nothing of where they stand. */
function dropped(_binder: Binder, objects: unknown): void {
  for (const item of listOf(objects)) {
    const node = nodeOf(item);
    if (node === null) throw unknownConstruct('DROP');
    if (node.kind === 'List') namesOf(node.fields.items);
  }
}
