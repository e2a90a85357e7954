import type { Relation } from '../../catalog/catalog.js';
import { fallingWith, usersOfTypes } from '../../catalog/dependents.js';
import { ddlStatements } from '../../facts/definitions.js';
import { isTemporary } from '../../facts/queries.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, type TreeNode, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { Span } from '../bound.js';
import { bindHeld, columnsLike } from '../expressions/held-expressions.js';
import { oid } from '../expressions/type-oids.js';
import { noteRelation, notThere, rangeVarsOf, sourceOfRelation } from '../queries/relation-reference.js';
import { unknownConstruct } from '../refusal.js';
import { itemOf, type RelationDraft, Scope } from '../scope.js';
import { locationOf } from '../source-text.js';
import { indexElement } from '../writes/conflicts.js';
import { definedObjects, noteRowTypes } from './defined-objects.js';

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

/** The fields with the relations that these are about. */
const definedFields: Readonly<Record<string, readonly string[]>> = {
  AlterObjectSchemaStmt: ['relation'],
  AlterPolicyStmt: ['table'],
  AlterSeqStmt: ['sequence'],
  ClusterStmt: ['relation'],
  CreatePolicyStmt: ['table'],
  CreateTrigStmt: ['relation', 'constrrel'],
  RefreshMatViewStmt: ['relation'],
  ReindexStmt: ['relation'],
  RenameStmt: ['relation'],
  RuleStmt: ['relation'],
};

/** Notes the relations that DDL is about. */
export function bindDefinition(binder: Binder, { kind, fields }: TreeNode, span: Span): void {
  if (queryNodes.test(JSON.stringify(fields))) throw unknownConstruct(`a query in ${kind}`, span.start);
  const scope = new Scope(null, binder.query('utility', null, span));
  noteRowTypes(binder, fields);
  if (unlookedKinds.has(kind)) {
    const defined = (definedFields[kind] ?? []).map((field) => structOf(fields[field])).filter((each) => each !== null);
    for (const each of [...defined, ...rangeVarsOf(fields.relations)]) noteDefined(binder, each, scope);
    noteNamed(binder, fields.options, scope, () => false);
    noteAll(binder, definedObjects(binder, kind, fields));
    bindElements(binder, fields, scope);
    return;
  }
  const relation = structOf(fields.relation);
  switch (kind) {
    case 'CreateStmt':
      bindTable(binder, fields, scope, () => false);
      return;
    case 'DropStmt':
      noteAll(binder, definedObjects(binder, kind, fields));
      return;
    default: {
      const isShown = commandsOf(fields).some(({ subtype }) => subtype === 'AT_AddInherit');
      const use = noteDefined(binder, relation ?? {}, scope, isShown);
      noteNamed(binder, fields.cmds, scope, () => false);
      notePartitions(binder, fields, scope);
      if (use !== null) noteBelow(binder, fields, use.relation);
      if (use !== null && isCascading(fields)) noteAll(binder, fallingWith(binder.catalog, [use.relation]));
      if (use === null) {
        // IF EXISTS: the server says that it isn't there. Indexes of temporary relations are only there.
        const isLeft = fields.missing_ok === true || fields.objtype === 'OBJECT_INDEX';
        if (isLeft && !isTemporary(relation)) return;
        throw notThere(binder, relation ?? {});
      }
      if (kind === 'AlterTableStmt' && isTemporary(relation))
        bindHeld(binder, fields, scope, { altered: use, inherited: [] });
      if (kind !== 'IndexStmt') return;
      scope.sources = [sourceOfRelation(binder, use)];
      scope.items = scope.sources.map((each) => itemOf(each));
      scope.at('definition', () => {
        for (const item of [...listOf(fields.indexParams), ...listOf(fields.indexIncludingParams)]) {
          indexElement(binder, item, scope, use, locationOf(fields));
        }
        if (fields.whereClause !== undefined)
          binder.coerce(binder.expression(fields.whereClause, scope), oid.bool, scope);
      });
      return;
    }
  }
}

/** What CREATE SCHEMA makes beside tables can only be about these. A table sees those before it, and itself, first. */
function bindElements(binder: Binder, { schemaname, schemaElts }: Fields, scope: Scope): void {
  const made = new Set<string>();
  const isNew = (rangeVar: Fields) => {
    const schema = textOf(rangeVar.schemaname);
    return made.has(textOf(rangeVar.relname)) && (schema === '' || schema === schemaname);
  };
  for (const item of listOf(schemaElts)) {
    const { kind, fields = {} } = nodeOf(item) ?? {};
    noteNamed(binder, fields.options, scope, () => false);
    if (kind !== 'CreateStmt') continue;
    const relation = structOf(fields.relation) ?? {};
    made.add(textOf(relation.relname));
    bindTable(binder, { ...fields, relation: { schemaname, ...relation } }, scope, isNew);
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
  const isSelf = (named: Fields) => isNew(named) || isItself(binder, relation ?? {}, named);
  noteNamed(binder, fields.tableElts, scope, isSelf);
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
  const found = relationNamed(binder, fields);
  if (found === null) return null;
  const { relation, isIndex } = found;
  if (relation.kind === 'c') noteAll(binder, usersOfTypes(binder.catalog, [relation.rowType]));
  const actions = isShown && !isIndex ? (['define', 'select'] as const) : (['define'] as const);
  return noteRelation(binder, fields, query, 'utility', actions, relation);
}

/** What a name means, or the relation of an index that it means. */
function relationNamed(binder: Binder, fields: Fields): { relation: Relation; isIndex: boolean } | null {
  const found = binder.names.relation(textOf(fields.schemaname) || null, textOf(fields.relname));
  if (found === null) return null;
  if (found.kind !== 'i') return { relation: found, isIndex: false };
  const relation = binder.catalog.relation(found.of);
  if (relation === undefined) throw unknownConstruct('an index of such a relation', locationOf(fields));
  return { relation, isIndex: true };
}

/** Notes relations that are named nowhere. */
function noteAll({ defined }: Binder, relations: readonly Relation[]): void {
  for (const each of relations) defined.add(each);
}

/** Of ALTER TABLE. */
function commandsOf({ cmds }: Fields): Fields[] {
  return listOf(cmds).map((item) => nodeOf(item)?.fields ?? {});
}

/** DROP COLUMN and DROP CONSTRAINT may take what hangs on them along. */
function isCascading(fields: Fields): boolean {
  return commandsOf(fields).some(({ behavior }) => behavior === 'DROP_CASCADE');
}

/**
 * Notes what is below a table that gets columns of their names, which become the table's, to be read with it; or that gets a
 * parent, whose definitions reach them then: those of the same batch are judged by what was there before.
 */
function noteBelow(binder: Binder, fields: Fields, { oid: parent }: Relation): void {
  const commands = commandsOf(fields);
  const added = commands.filter(({ subtype }) => subtype === 'AT_AddColumn');
  const names = new Set(added.map(({ def }) => textOf(nodeOf(def)?.fields.colname)));
  const isInherited = commands.some(({ subtype }) => subtype === 'AT_AddInherit');
  if (names.size === 0 && !isInherited) return;
  const below = binder.catalog.descendants(parent);
  noteAll(
    binder,
    below.filter(({ columns }) => isInherited || columns.some(({ name }) => names.has(name))),
  );
}

/** ATTACH PARTITION shows the partition's rows to all who read the partitioned table. */
function notePartitions(binder: Binder, fields: Fields, scope: Scope): void {
  for (const { subtype, def } of commandsOf(fields)) {
    const name = structOf(nodeOf(def)?.fields.name);
    if (subtype === 'AT_AttachPartition' && name !== null) noteDefined(binder, name, scope, true);
  }
}

/**
 * Notes what a table becomes part of, gets as its part, or refers to: ATTACH, INHERIT, REFERENCES, and OWNED BY of a sequence.
 * @param isSelf whether a RangeVar names what the same statement makes
 */
function noteNamed(binder: Binder, value: unknown, scope: Scope, isSelf: (rangeVar: Fields) => boolean): void {
  if (typeof value !== 'object' || value === null) return;
  const { relname, subtype, TableLikeClause, defname, pktable, ...others } = value as Fields;
  // They have their own ways.
  if (TableLikeClause !== undefined || subtype === 'AT_AttachPartition') return;
  if (typeof relname === 'string') {
    noteDefined(binder, value as Fields, scope);
    return;
  }
  if (defname === 'owned_by') noteOwner(binder, value as Fields, scope);
  const referenced = structOf(pktable);
  if (referenced !== null && !isSelf(referenced)) noteReferenced(binder, referenced, scope);
  for (const each of Object.values(others)) noteNamed(binder, each, scope, isSelf);
}

/** Notes a table that has to be there: one that is closed to the session isn't, in the same words. */
function noteReferenced(binder: Binder, fields: Fields, scope: Scope): RelationDraft {
  const found = relationNamed(binder, fields);
  const isClosed = found !== null && binder.context.isClosed?.(found.relation) === true;
  const use = isClosed ? null : noteDefined(binder, fields, scope);
  if (use === null) throw notThere(binder, fields);
  return use;
}

/** Whether a table's definition means itself by a name. Where both are bare, the table comes to be where names are looked for first. */
function isItself(binder: Binder, { schemaname: own = '', relname }: Fields, named: Fields): boolean {
  const { schemaname: schema = '' } = named;
  if (named.relname !== relname) return false;
  if (schema === own) return true;
  const written = textOf(schema) || textOf(own);
  const isOneBare = schema === '' || own === '';
  return isOneBare && binder.names.isSearched(written) && relationNamed(binder, named) === null;
}

/** Notes the table of OWNED BY, whose name has a column's behind it, and is no RangeVar that could get a schema. */
function noteOwner(binder: Binder, { arg, location }: Fields, scope: Scope): void {
  const words = namesOf(nodeOf(arg)?.fields.items);
  // OWNED BY NONE
  if (words.length < 2) return;
  const [relname, schemaname] = words.slice(0, -1).reverse();
  const { source } = binder;
  const start = source.start(source.tokenAt(Number(location ?? 0)) + 2);
  const named = { relname, ...(schemaname === undefined ? {} : { schemaname }), inh: true, location: start };
  noteReferenced(binder, named, scope).isQualified = true;
}

function likeClauses(tableElts: unknown): Fields[] {
  return listOf(tableElts).flatMap((item) => {
    const node = nodeOf(item);
    return node?.kind === 'TableLikeClause' ? [node.fields] : [];
  });
}
