import { ddlStatements } from '../facts/definitions.js';
import { isTemporary } from '../facts/queries.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, type TreeNode, textOf } from '../facts/tree.js';
import type { Binder } from './binder.js';
import type { Span, Utility } from './bound.js';
import { indexElement } from './conflicts.js';
import { bindHeld, columnsLike } from './held-expressions.js';
import { unknownConstruct } from './refusal.js';
import { noteRelation, notThere, rangeVarsOf, sourceOfRelation } from './relation-reference.js';
import { itemOf, type RelationDraft, Scope } from './scope.js';
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
    if (redefined !== null) noteDefined(binder, redefined, scope);
    for (const item of listOf(fields.schemaElts)) {
      const element = nodeOf(item);
      // What else CREATE SCHEMA makes can only be about its own tables.
      if (element?.kind === 'CreateStmt') bindDefinition(binder, element, span);
    }
    return null;
  }
  const relation = structOf(fields.relation);
  switch (kind) {
    case 'CreateStmt': {
      const parents = rangeVarsOf(fields.inhRelations).map((parent) => {
        const use = noteDefined(binder, parent, scope);
        if (use === null) throw notThere(binder, parent);
        return use;
      });
      noteNamed(binder, fields.tableElts, scope, textOf(relation?.relname));
      const inherited = parents.flatMap((use) => binder.visibleColumns(use.relation));
      if (isTemporary(relation)) bindHeld(binder, fields, scope, { altered: null, inherited });
      else for (const like of likeClauses(fields.tableElts)) columnsLike(binder, like, scope);
      return created(relation);
    }
    case 'DropStmt':
      dropped(binder, fields.objects);
      return null;
    default: {
      const use = noteDefined(binder, relation ?? {}, scope);
      if (use === null) {
        // IF EXISTS: the server says that it isn't there. Indexes of temporary relations are only there.
        const isLeft = fields.missing_ok === true || fields.objtype === 'OBJECT_INDEX';
        if (isLeft && !isTemporary(relation)) return null;
        throw notThere(binder, relation ?? {});
      }
      noteNamed(binder, fields.cmds, scope);
      if (kind === 'AlterTableStmt' && isTemporary(relation))
        bindHeld(binder, fields, scope, { altered: use, inherited: [] });
      if (kind !== 'IndexStmt') return null;
      scope.sources = [sourceOfRelation(binder, use)];
      scope.items = scope.sources.map((each) => itemOf(each));
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

/** Notes the relation that a definition is about: of an index the one that it is of. Null: there is none of this name. */
function noteDefined(binder: Binder, fields: Fields, { query }: Scope): RelationDraft | null {
  const { schemaname, relname } = fields;
  const found = binder.names.relation(textOf(schemaname) || null, textOf(relname));
  if (found === null) return null;
  const relation = found.kind === 'i' ? binder.catalog.relation(found.of) : found;
  if (relation === undefined) throw unknownConstruct('an index of such a relation', locationOf(fields));
  return noteRelation(binder, fields, query, 'utility', ['define'], relation);
}

/** Notes what a table becomes part of, gets as its part, or refers to: ATTACH, INHERIT, REFERENCES. */
function noteNamed(binder: Binder, value: unknown, scope: Scope, own: string | null = null): void {
  if (typeof value !== 'object' || value === null) return;
  const { relname, TableLikeClause } = value as Fields;
  // LIKE has its own way.
  if (TableLikeClause !== undefined) return;
  if (typeof relname !== 'string') {
    for (const each of Object.values(value)) noteNamed(binder, each, scope, own);
    return;
  }
  const use = noteDefined(binder, value as Fields, scope);
  // The name may come to mean the table itself.
  if (use !== null && relname === own) use.isQualified = true;
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
