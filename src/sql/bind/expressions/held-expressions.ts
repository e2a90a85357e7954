import type { Column } from '../../catalog/catalog.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, type TreeNode, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { findRelation, noteRelation, sourceOfRelation } from '../queries/relation-reference.js';
import { type Field, itemOf, type RelationDraft, rowsSource, type Scope, type SourceColumn } from '../scope.js';
import { oid } from './type-oids.js';
import { resolveType } from './type-reference.js';

/** Nodes of a table's definition that hold expressions, or words, and are no expression themselves. */
const holders = new Set(
  'AlterTableCmd Boolean ColumnDef Constraint DefElem Float IndexElem Integer List PartitionElem String'.split(' '),
);

/** Fields that name things and run nothing. */
const namingFields = new Set(['relation', 'inhRelations', 'pktable', 'collClause', 'newowner']);

/** transformColumnDefinition: words that stand for a type with a sequence. */
const serialTypes: Readonly<Record<string, number>> = {
  smallserial: oid.int2,
  serial2: oid.int2,
  serial: oid.int4,
  serial4: oid.int4,
  bigserial: oid.int8,
  serial8: oid.int8,
};

/** Binds what a temporary table's definition runs, at once or later. What isn't known in it is refused. */
export function bindHeld(
  binder: Binder,
  fields: Fields,
  scope: Scope,
  { altered, inherited }: { readonly altered: RelationDraft | null; readonly inherited: readonly Column[] },
): void {
  const held = new HeldExpressions(binder, scope, altered);
  const name = altered === null ? textOf(structOf(fields.relation)?.relname) : '';
  const columns = new Map([...inherited.map(plainColumn), ...held.columns(fields)].map((each) => [each.name, each]));
  scope.items = [itemOf(rowsSource(name, 'subquery', [...columns.values()]))];
  if (altered !== null) scope.items.push(itemOf(sourceOfRelation(binder, altered)));
  scope.at('definition', () => held.within(fields, null));
}

/** LIKE t shows what t's columns are, and INCLUDING their defaults and checks: nothing of it may be withheld. */
export function columnsLike(binder: Binder, fields: Fields, scope: Scope): SourceColumn[] {
  const rangeVar = structOf(fields.relation) ?? {};
  const { columns, kind, rowType, schema, name } = findRelation(binder, rangeVar, { isTypeAllowed: true });
  if (kind === 'c') binder.addType({ oid: rowType, schema, name });
  else noteRelation(binder, rangeVar, scope.query, 'utility', ['define', 'select']);
  return columns.map(plainColumn);
}

class HeldExpressions {
  /** By their TypeName nodes, each of which is looked up once. */
  private readonly types = new Map<unknown, number>();

  constructor(
    private readonly binder: Binder,
    private readonly scope: Scope,
    private readonly altered: RelationDraft | null,
  ) {}

  /** The columns that CREATE TABLE names, LIKE's and OF's among them, or that ALTER TABLE adds. */
  columns({ tableElts, cmds, ofTypename }: Fields): SourceColumn[] {
    const added = listOf(cmds).map((item) => nodeOf(item)?.fields.def);
    const listed = [...listOf(tableElts), ...added].flatMap((item) => {
      const { kind, fields = {} } = nodeOf(item) ?? {};
      if (kind === 'TableLikeClause') return columnsLike(this.binder, fields, this.scope);
      const name = textOf(fields.colname);
      if (kind !== 'ColumnDef' || name === '' || fields.typeName === undefined) return [];
      return [plainColumn({ name, type: this.type(fields.typeName) })];
    });
    const fields = ofTypename === undefined ? null : this.binder.coercions.fieldsOf(this.type(ofTypename));
    return [...listed, ...(fields ?? []).map(plainColumn)];
  }

  /** @param type what values become: that of the column that they are for */
  within(fields: Fields, type: number | null): void {
    for (const [field, value] of Object.entries(fields)) {
      if (namingFields.has(field)) continue;
      if (field === 'typeName' || field === 'ofTypename') this.type(value);
      else if (field === 'partspec' || field === 'partbound') this.within(structOf(value) ?? {}, null);
      else for (const item of Array.isArray(value) ? value : [value]) this.item(item, type);
    }
  }

  private item(item: unknown, type: number | null): void {
    const node = nodeOf(item);
    if (node === null || node.kind === 'TableLikeClause' || isInfinite(node)) return;
    const { kind, fields } = node;
    if (kind === 'TypeName') this.type(fields);
    else if (holders.has(kind)) this.within(fields, this.typeWithin(kind, fields, type));
    else this.expression(item, type);
  }

  private expression(item: unknown, type: number | null): void {
    const value = this.binder.expression(item, this.scope);
    if (type !== null) this.binder.coerce(value, type, this.scope);
  }

  private typeWithin(kind: string, fields: Fields, type: number | null): number | null {
    if (kind === 'AlterTableCmd') return this.typeOf(textOf(fields.name));
    if (kind === 'Constraint' && fields.contype === 'CONSTR_CHECK') return oid.bool;
    if (kind !== 'ColumnDef' || fields.typeName === undefined) return type;
    const becomes = this.type(fields.typeName);
    // ALTER ... TYPE without USING casts what is there.
    if (type !== null && fields.raw_default === undefined)
      this.binder.coerce({ type, position: null }, becomes, this.scope);
    return becomes;
  }

  /** Of a column that ALTER TABLE names. */
  private typeOf(name: string): number | null {
    return this.altered?.relation.columns.find((column) => column.name === name)?.type ?? null;
  }

  private type(value: unknown): number {
    const found = this.types.get(value) ?? serialType(value) ?? resolveType(this.binder, value);
    this.types.set(value, found);
    return found;
  }
}

/** MINVALUE and MAXVALUE of a partition's bounds. */
function isInfinite({ kind, fields }: TreeNode): boolean {
  return kind === 'ColumnRef' && /^(min|max)value$/.test(namesOf(fields.fields).join('.'));
}

function serialType(value: unknown): number | undefined {
  const [name = '', ...more] = namesOf(structOf(value)?.names);
  return more.length === 0 && Object.hasOwn(serialTypes, name) ? serialTypes[name] : undefined;
}

function plainColumn({ name, type }: Field): SourceColumn {
  return { name, type, origin: null, reads: [] };
}
