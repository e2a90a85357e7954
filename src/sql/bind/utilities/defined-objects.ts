import type { Relation } from '../../catalog/catalog.js';
import { fallingWith, fallingWithFunctions, fallingWithSchema, usersOfTypes } from '../../catalog/dependents.js';
import { holdsType } from '../../catalog/types-within.js';
import { type Fields, listOf, namesOf, nodeOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { unknownConstruct } from '../refusal.js';

// DROP, COMMENT, ALTER ... RENAME and their kind name what they are about by lists of words, which say nothing of where they stand.

/** By the kind of object: how many of a name's last words are the name of something in a relation. */
const wordsBehind: Readonly<Record<string, number>> = {
  ...words('TABLE VIEW MATVIEW SEQUENCE INDEX FOREIGN_TABLE', 0),
  ...words('COLUMN TABCONSTRAINT TRIGGER RULE POLICY', 1),
};
const types = words('TYPE DOMAIN DOMCONSTRAINT', 0);
const functions = words('FUNCTION PROCEDURE ROUTINE AGGREGATE', 0);

function words(objects: string, behind: number): Readonly<Record<string, number>> {
  return Object.fromEntries(objects.split(' ').map((name) => [`OBJECT_${name}`, behind]));
}

/** The relations that a definition changes, moves or takes away without a RangeVar that names them. */
export function definedObjects(binder: Binder, kind: string, fields: Fields): readonly Relation[] {
  const { relations } = binder.catalog.catalog;
  switch (kind) {
    case 'DropStmt':
      return listOf(fields.objects).flatMap((object) => dropped(binder, fields, object));
    case 'CommentStmt':
      return fields.objtype === 'OBJECT_SCHEMA' ? [] : ofObject(binder, fields.objtype, fields.object);
    case 'RenameStmt':
      if (fields.renameType === 'OBJECT_SCHEMA') return within(binder, fields.subname);
      return ofObject(binder, fields.renameType, fields.object);
    case 'AlterObjectSchemaStmt':
    case 'AlterOwnerStmt':
      return ofObject(binder, fields.objectType, fields.object);
    case 'AlterDomainStmt':
    case 'AlterEnumStmt':
    case 'AlterTypeStmt':
      return ofType(binder, namesOf(fields.typeName));
    case 'ReindexStmt':
      if (fields.relation !== undefined) return [];
      return fields.kind === 'REINDEX_OBJECT_SCHEMA' ? within(binder, fields.name) : relations;
    case 'ClusterStmt':
      return fields.relation === undefined ? relations : [];
    default:
      return [];
  }
}

/** Notes row types that a definition names and that the session doesn't see all columns of, by themselves or in other types. */
export function noteRowTypes(binder: Binder, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const { names, typemod } = value as Fields;
  const isTypeName = Array.isArray(names) && typeof typemod === 'number';
  const found = isTypeName ? named(namesOf(names), (...parts) => binder.names.everyType(...parts)) : [];
  for (const { oid } of found) {
    holdsType(binder.catalog, oid, (type) => {
      const relation = binder.catalog.relation(type.relation);
      const isWithheld = relation !== undefined && (binder.visibilityOf(relation)?.hidden.size ?? 0) > 0;
      if (isWithheld) binder.addType(type);
      return isWithheld;
    });
  }
  for (const each of Object.values(value)) noteRowTypes(binder, each);
}

function ofObject(binder: Binder, objectType: unknown, object: unknown): readonly Relation[] {
  const type = textOf(objectType);
  // It is a RangeVar that names it.
  if (object === undefined) return [];
  if (type === 'OBJECT_SCHEMA') return within(binder, nodeOf(object)?.fields.sval);
  if (type in types) return ofType(binder, wordsOf(object));
  const behind = wordsBehind[type];
  if (behind === undefined) return [];
  const name = wordsOf(object);
  return named(name.slice(0, name.length - behind), (...parts) => binder.names.everyRelation(...parts));
}

/** CASCADE takes along what hangs on an object; of many kinds that may be anything. */
function dropped(binder: Binder, { removeType, behavior }: Fields, object: unknown): readonly Relation[] {
  const found = ofObject(binder, removeType, object);
  if (behavior !== 'DROP_CASCADE') return found;
  const type = textOf(removeType);
  const { catalog } = binder;
  if (type === 'OBJECT_SCHEMA') return fallingWithSchema(catalog, textOf(nodeOf(object)?.fields.sval));
  if (type in wordsBehind) return fallingWith(catalog, found);
  if (!(type in functions)) return catalog.catalog.relations;
  const name = namesOf(nodeOf(object)?.fields.objname);
  return fallingWithFunctions(catalog, [...named(name, (...parts) => binder.names.functions(...parts))]);
}

function within(binder: Binder, schema: unknown): readonly Relation[] {
  return binder.catalog.catalog.relations.filter((relation) => relation.schema === schema);
}

/** A row type is its relation's. */
function ofType(binder: Binder, name: readonly string[]): readonly Relation[] {
  const found = named(name, (...parts) => binder.names.everyType(...parts));
  const own = found.flatMap(({ relation }) => binder.catalog.relation(relation) ?? []);
  return [
    ...own,
    ...usersOfTypes(
      binder.catalog,
      found.map(({ oid }) => oid),
    ),
  ];
}

/** The words of a list, of a type's name, or of a type's name in a list with something behind it. */
function wordsOf(object: unknown): readonly string[] {
  const node = nodeOf(object);
  if (node?.kind === 'TypeName') return namesOf(node.fields.names);
  if (node?.kind !== 'List') throw unknownConstruct(`a name of kind ${node?.kind}`);
  const [first] = listOf(node.fields.items);
  return nodeOf(first)?.kind === 'TypeName' ? wordsOf(first) : namesOf(node.fields.items);
}

/** Looks up a name with or without a schema, and perhaps a database in front. */
function named<Found>(
  name: readonly string[],
  find: (schema: string | null, name: string) => readonly Found[],
): readonly Found[] {
  const [last = '', schema = null] = [...name].reverse();
  return find(schema, last);
}
