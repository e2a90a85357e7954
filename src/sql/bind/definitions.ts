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
  RuleStmt: 'relation',
};

/** Notes the relations that DDL is about, and gives the one that it creates. */
export function bindDefinition(binder: Binder, { kind, fields }: TreeNode, span: Span): Utility['creates'] {
  if (queryNodes.test(JSON.stringify(fields))) throw unknownConstruct(`a query in ${kind}`, span.start);
  const scope = new Scope(null, binder.query('utility', null, span));
  if (unlookedKinds.has(kind)) {
    const redefined = structOf(fields[redefining[kind] ?? '']);
    if (redefined !== null) noteDefined(binder, redefined, scope);
    bindElements(binder, fields, scope);
    return null;
  }
  const relation = structOf(fields.relation);
  switch (kind) {
    case 'CreateStmt':
      bindTable(binder, fields, scope, () => false);
      return created(relation);
    case 'DropStmt':
      dropped(binder, fields.objects);
      return null;
    default: {
      const isShown = commandsOf(fields).some(({ subtype }) => subtype === 'AT_AddInherit');
      const use = noteDefined(binder, relation ?? {}, scope, isShown);
      noteNamed(binder, fields.cmds, scope);
      notePartitions(binder, fields, scope);
      if (use === null) {
        // IF EXISTS: the server says that it isn't there. Indexes of temporary relations are only there.
        const isLeft = fields.missing_ok === true || fields.objtype === 'OBJECT_INDEX';
        if (isLeft && !isTemporary(relation)) return null;
        throw notThere(binder, relation ?? {});
      }
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

/** What CREATE SCHEMA makes beside tables can only be about these. A table sees those before it first. */
function bindElements(binder: Binder, { schemaname, schemaElts }: Fields, scope: Scope): void {
  const made = new Set<string>();
  for (const item of listOf(schemaElts)) {
    const element = nodeOf(item);
    if (element?.kind !== 'CreateStmt') continue;
    bindTable(binder, element.fields, scope, (rangeVar) => {
      const schema = textOf(rangeVar.schemaname);
      return made.has(textOf(rangeVar.relname)) && (schema === '' || schema === schemaname);
    });
    made.add(textOf(structOf(element.fields.relation)?.relname));
  }
}

/** CREATE TABLE. @param isNew whether a RangeVar names what the same statement makes */
function bindTable(binder: Binder, fields: Fields, scope: Scope, isNew: (rangeVar: Fields) => boolean): void {
  const relation = structOf(fields.relation);
  const parents = rangeVarsOf(fields.inhRelations).filter((parent) => !isNew(parent));
  const inherited = parents.flatMap((parent) => {
    const use = noteDefined(binder, parent, scope);
    if (use === null) throw notThere(binder, parent);
    return binder.visibleColumns(use.relation);
  });
  noteNamed(binder, fields.tableElts, scope, isNew, textOf(relation?.relname));
  if (isTemporary(relation)) bindHeld(binder, fields, scope, { altered: null, inherited });
  else
    for (const like of likeClauses(fields.tableElts)) {
      if (!isNew(structOf(like.relation) ?? {})) columnsLike(binder, like, scope);
    }
}

/**
 * Notes the relation that a definition is about: of an index the one that it is of. Null: there is none of this name.
 * @param isShown its rows are then among those of another relation, too
 */
function noteDefined(binder: Binder, fields: Fields, { query }: Scope, isShown = false): RelationDraft | null {
  const { schemaname, relname } = fields;
  const found = binder.names.relation(textOf(schemaname) || null, textOf(relname));
  if (found === null) return null;
  const relation = found.kind === 'i' ? binder.catalog.relation(found.of) : found;
  if (relation === undefined) throw unknownConstruct('an index of such a relation', locationOf(fields));
  const actions = isShown && found.kind !== 'i' ? (['define', 'select'] as const) : (['define'] as const);
  return noteRelation(binder, fields, query, 'utility', actions, relation);
}

/** Of ALTER TABLE. */
function commandsOf({ cmds }: Fields): Fields[] {
  return listOf(cmds).map((item) => nodeOf(item)?.fields ?? {});
}

/** ATTACH PARTITION shows the partition's rows to all who read the partitioned table. */
function notePartitions(binder: Binder, fields: Fields, scope: Scope): void {
  for (const { subtype, def } of commandsOf(fields)) {
    const name = structOf(nodeOf(def)?.fields.name);
    if (subtype === 'AT_AttachPartition' && name !== null) noteDefined(binder, name, scope, true);
  }
}

/** Notes what a table becomes part of, gets as its part, or refers to: ATTACH, INHERIT, REFERENCES. */
function noteNamed(
  binder: Binder,
  value: unknown,
  scope: Scope,
  isNew: (rangeVar: Fields) => boolean = () => false,
  own: string | null = null,
): void {
  if (typeof value !== 'object' || value === null) return;
  const { relname, subtype, TableLikeClause } = value as Fields;
  // They have their own ways.
  if (TableLikeClause !== undefined || subtype === 'AT_AttachPartition') return;
  if (typeof relname !== 'string') {
    for (const each of Object.values(value)) noteNamed(binder, each, scope, isNew, own);
    return;
  }
  const use = isNew(value as Fields) ? null : noteDefined(binder, value as Fields, scope);
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
