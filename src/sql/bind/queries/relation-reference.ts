import type { Relation } from '../../catalog/catalog.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { RelationAction, RelationUse, Span } from '../bound.js';
import { oid, systemColumns, systemColumnsLeft } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { BindError } from '../refusal.js';
import type { QueryDraft, RelationDraft, Source, SourceColumn, Version } from '../scope.js';
import { locationOf } from '../source-text.js';

/** Where a RangeVar and its alias stand, as tokens. */
interface Place {
  readonly first: number;
  readonly nameFirst: number;
  readonly nameLast: number;
  /** Behind `*` or the closing parenthesis of ONLY (t). */
  readonly last: number;
  readonly alias: Alias | null;
}

export interface Alias {
  readonly name: string;
  readonly columns: readonly string[];
  readonly span: Span;
  readonly columnsSpan: Span | null;
  readonly last: number;
}

/** Notes a relation that a RangeVar names. */
export function noteRelation(
  binder: Binder,
  fields: Fields,
  query: QueryDraft | null,
  form: RelationUse['form'],
  actions: readonly RelationAction[],
  relation: Relation = findRelation(binder, fields, { isUtility: form === 'utility' }),
): RelationDraft {
  const place = placeOf(binder, fields);
  const { source } = binder;
  const isTable = form === 'table' && source.word(place.first - 1) === 'table';
  return binder.addRelation({
    query: query as RelationDraft['query'],
    relation,
    form,
    actions: new Set(actions),
    name: source.span(place.nameFirst, place.nameLast),
    span: source.span(isTable ? place.first - 1 : place.first, place.last),
    isOnly: fields.inh !== true,
    isQualified: textOf(fields.schemaname) !== '',
    visibleName: place.alias?.name ?? textOf(fields.relname),
    alias: place.alias?.span ?? null,
    aliasColumns: aliasColumnsOf(place.alias),
    sample: null,
    lock: null,
    isNullable: false,
    isInNamedJoin: false,
    isReferencedFromInside: false,
  });
}

function aliasColumnsOf(alias: Alias | null): RelationUse['aliasColumns'] {
  if (alias === null || alias.columnsSpan === null) return null;
  return { span: alias.columnsSpan, names: alias.columns };
}

export function findRelation(
  binder: Binder,
  fields: Fields,
  { isTypeAllowed = false, isUtility = false }: { readonly isTypeAllowed?: boolean; readonly isUtility?: boolean } = {},
): Relation {
  onlyFields('RangeVar', fields, 'catalogname schemaname relname inh relpersistence alias location');
  const position = locationOf(fields);
  const catalog = textOf(fields.catalogname);
  const schema = textOf(fields.schemaname) || null;
  const name = textOf(fields.relname);
  if (catalog !== '' && catalog !== binder.catalog.catalog.database) {
    const written = `"${catalog}.${schema}.${name}"`;
    throw new BindError('0A000', `cross-database references are not implemented: ${written}`, position);
  }
  const found = binder.names.relation(schema, name);
  if (found === null) throw isUtility ? notThere(binder, fields) : binder.names.notFound(schema, name, position);
  if (found.kind === 'i' || (found.kind === 'c' && !isTypeAllowed)) throw notOpened(binder, name, found.kind, position);
  return found;
}

/** validate_relation_kind. */
function notOpened(binder: Binder, name: string, kind: 'i' | 'c', position: number | null): BindError {
  const [what, many] = kind === 'i' ? ['an index', 'indexes'] : ['a composite type', 'composite types'];
  if (binder.catalog.catalog.serverMajor < 16) return new BindError('42809', `"${name}" is ${what}`, position);
  const detail = `This operation is not supported for ${many}.`;
  return new BindError('42809', `cannot open relation "${name}"`, position, { detail });
}

/** RangeVarGetRelidExtended: without a position, unlike names in queries. */
export function notThere(binder: Binder, { schemaname, relname }: Fields): BindError {
  const schema = textOf(schemaname) || null;
  if (schema !== null && !binder.names.hasSchema(schema))
    return new BindError('3F000', `schema "${schema}" does not exist`);
  return binder.names.notFound(schema, textOf(relname), null);
}

function placeOf(binder: Binder, fields: Fields): Place {
  const { source } = binder;
  const nameFirst = source.tokenAt(Number(fields.location ?? 0));
  const parts = [fields.catalogname, fields.schemaname, fields.relname].filter((part) => textOf(part) !== '').length;
  const nameLast = source.nameEnd(nameFirst, parts);
  let first = nameFirst;
  let last = nameLast;
  if (fields.inh !== true) {
    if (source.keyword(first - 1) === 'only') first -= 1;
    else if (source.is(first - 1, '(') && source.keyword(first - 2) === 'only') {
      last = source.partner(first - 1);
      first -= 2;
    }
  } else if (source.is(last + 1, '*')) {
    last += 1;
  }
  return { first, nameFirst, nameLast, last, alias: aliasBehind(binder, last, fields.alias) };
}

/** The alias that the tree has and the tokens behind an item of FROM show: AS, a name, perhaps a list of columns. */
export function aliasBehind(binder: Binder, token: number, value: unknown): Alias | null {
  const alias = structOf(value);
  if (alias === null) return null;
  onlyFields('Alias', alias, 'aliasname colnames');
  const { source } = binder;
  const first = token + 1;
  const name = source.word(first) === 'as' ? first + 1 : first;
  const nameLast = source.nameEnd(name, 1);
  const columns = namesOf(alias.colnames);
  const last = columns.length > 0 ? source.partner(nameLast + 1) : nameLast;
  return {
    name: textOf(alias.aliasname),
    columns,
    span: source.span(first, last),
    columnsSpan: columns.length > 0 ? source.span(nameLast + 1, last) : null,
    last,
  };
}

/** The last token of a relation with its alias. */
export function endOfRelation(binder: Binder, fields: Fields): number {
  const place = placeOf(binder, fields);
  return place.alias?.last ?? place.last;
}

export function sourceOfRelation(
  binder: Binder,
  use: RelationDraft,
  version: Version = 'stored',
  name?: string,
): Source {
  const { relation } = use;
  const visibility = binder.visibilityOf(relation);
  const columns = binder.visibleColumns(relation).map(
    (column): SourceColumn => ({
      name: column.name,
      type: column.type,
      origin: { relation: use as RelationUse, attnum: column.attnum },
      reads: [{ relation: use, attnum: column.attnum, name: column.name, version }],
    }),
  );
  return {
    name: name ?? use.visibleName,
    kind: 'relation',
    relation: use,
    version,
    isAliased: use.alias !== null || name !== undefined,
    columns: renamed(columns, use.aliasColumns?.names ?? [], `table "${use.visibleName}"`),
    systemColumns: systemColumnsOf(relation, visibility?.isSubquery === true),
    rowType: visibility?.isSubquery === true || relation.rowType === 0 ? oid.record : relation.rowType,
    isScalar: false,
  };
}

function systemColumnsOf(relation: Relation, isSubquery: boolean): readonly string[] {
  if (relation.kind === 'v') return [];
  return isSubquery ? systemColumnsLeft(relation) : [...systemColumns.keys()];
}

/** buildRelationAliases: the first columns take the alias's names. `what` is what has them, as errors say. */
export function renamed(
  columns: readonly SourceColumn[],
  names: readonly string[],
  what: string,
  position: number | null = null,
): readonly SourceColumn[] {
  if (names.length > columns.length) {
    const message = `${what} has ${columns.length} columns available but ${names.length} columns specified`;
    throw new BindError('42P10', message, position);
  }
  return names.length === 0 ? columns : columns.map((column, at) => ({ ...column, name: names[at] ?? column.name }));
}

/** A list of RangeVar nodes. */
export function rangeVarsOf(value: unknown): Fields[] {
  return listOf(value).flatMap((item) => {
    const node = nodeOf(item);
    return node?.kind === 'RangeVar' ? [node.fields] : [];
  });
}
