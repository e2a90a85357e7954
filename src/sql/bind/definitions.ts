import { ddlStatements } from '../facts/definitions.js';
import { isTemporary } from '../facts/queries.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, type TreeNode, textOf } from '../facts/tree.js';
import type { Binder } from './binder.js';
import type { Span, Utility } from './bound.js';
import { indexElement } from './conflicts.js';
import { bindHeld, columnsLike } from './held-expressions.js';
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

/** What would take a relation's restrictions away, or let something else see its rows: the field with its name. */
const redefining: Readonly<Record<string, string>> = {
  AlterObjectSchemaStmt: 'relation',
  AlterPolicyStmt: 'table',
  CreatePolicyStmt: 'table',
  CreateTrigStmt: 'relation',
  RenameStmt: 'relation',
};

/** Notes the relations that DDL is about, and gives the one that it creates. */
export function bindDefinition(binder: Binder, { kind, fields }: TreeNode, span: Span): Utility['creates'] {
  if (queryNodes.test(JSON.stringify(fields))) throw unknownConstruct(`a query in ${kind}`, span.start);
  const scope = new Scope(null, binder.query('utility', null, span));
  if (unlookedKinds.has(kind)) {
    const redefined = structOf(fields[redefining[kind] ?? '']);
    if (redefined !== null && isKnown(binder, redefined)) {
      noteRelation(binder, redefined, scope.query, 'utility', ['define']);
    }
    return null;
  }
  const relation = structOf(fields.relation);
  switch (kind) {
    case 'CreateStmt':
      for (const item of listOf(fields.inhRelations)) {
        const node = nodeOf(item);
        if (node?.kind === 'RangeVar') noteRelation(binder, node.fields, scope.query, 'utility', ['define']);
      }
      if (isTemporary(relation)) bindHeld(binder, fields, scope, null);
      else for (const like of likeClauses(fields.tableElts)) columnsLike(binder, like, scope);
      return created(relation);
    case 'DropStmt':
      dropped(binder, fields.objects);
      return null;
    default: {
      const use = noteRelation(binder, relation ?? {}, scope.query, 'utility', ['define']);
      if (kind === 'AlterTableStmt' && isTemporary(relation)) bindHeld(binder, fields, scope, use);
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

/** An index, a composite type or what isn't there is the server's to judge. */
function isKnown(binder: Binder, { schemaname, relname }: Fields): boolean {
  const found = binder.names.relation(textOf(schemaname) || null, textOf(relname));
  return found !== null && found !== 'index' && found.kind !== 'c';
}

function likeClauses(tableElts: unknown): Fields[] {
  return listOf(tableElts).flatMap((item) => {
    const node = nodeOf(item);
    return node?.kind === 'TableLikeClause' ? [node.fields] : [];
  });
}

/** DROP names its objects by lists of words, which say nothing of where they stand. */
function dropped(_binder: Binder, objects: unknown): void {
  for (const item of listOf(objects)) {
    const node = nodeOf(item);
    if (node === null) throw unknownConstruct('DROP');
    if (node.kind === 'List') namesOf(node.fields.items);
  }
}

/** What a statement that makes a relation calls it. */
export function created(rangeVar: unknown): Utility['creates'] {
  const { schemaname, relname } = structOf(rangeVar) ?? {};
  return { schema: textOf(schemaname) || null, name: textOf(relname), isTemporary: isTemporary(rangeVar) };
}
