import type { BoundStatement, CastUse, FunctionUse, TypeUse } from '../../sql/bind/bound.js';
import type { CallOperand } from '../../sql/bind/cast-operands.js';
import { partsOfName } from '../../sql/bind/names.js';
import type { Relation } from '../../sql/catalog/catalog.js';
import type { CatalogIndex } from '../../sql/catalog/catalog-index.js';
import { holdsType } from '../../sql/catalog/types-within.js';
import type { CallGuard, Guard as ValueGuard } from '../../sql/rewrite/guard-calls.js';
import type { CatalogPredicates } from './catalog-predicates.js';
import {
  describedBy,
  describingNamed,
  isLookedUp,
  type Predicate,
  readsAnyType,
  readsRows,
  relation,
  takesColumn,
  takesName,
  takesTypeName,
  tellsAnything,
  type,
} from './describing-functions.js';
import { ownViewGuards } from './pg-catalog-filters.js';
import { isSystemSchema } from './system-relations.js';
import { catalogOf, firstNormalOid, type VisibleObjects } from './visible-objects.js';

interface Registry {
  readonly visible: keyof Pick<VisibleObjects, 'relations' | 'types' | 'functions' | 'schemas'> | null;
  readonly may: Predicate;
  /** What gives NULL for a name of nothing. */
  readonly reads: string;
}

/** Casts to these turn a number into a name. */
const registries: Readonly<Record<number, Registry>> = {
  2205: { visible: 'relations', may: relation, reads: 'to_regclass' },
  2206: { visible: 'types', may: type, reads: 'to_regtype' },
  24: { visible: 'functions', may: (is, oid) => is.function(oid), reads: 'to_regproc' },
  2202: { visible: 'functions', may: (is, oid) => is.function(oid), reads: 'to_regprocedure' },
  4089: { visible: 'schemas', may: (is, oid) => is.schema(oid), reads: 'to_regnamespace' },
  4096: { visible: null, may: (is, oid) => is.role(oid), reads: 'to_regrole' },
};

const isNumber = /^\s*\d+\s*$/;

const isRegistry = (type: number) => Object.hasOwn(registries, type);

/** An oid as a filtered catalog gives it. */
function isOfCatalog({ source, origin }: CastUse): boolean {
  return (source === 26 || isRegistry(source)) && origin?.relation.relation.schema === 'pg_catalog';
}

/** The description of an object as a whole that a row of pg_depend gives, which it does of visible ones. */
function isOnRecord({ name, columns: [catalog, object], literals }: FunctionUse): boolean {
  const isDescribing = name === 'pg_describe_object' || name === 'pg_identify_object';
  const isOne =
    catalog != null && catalog.relation === object?.relation && catalog.relation.relation.oid === dependencies;
  return (
    isDescribing &&
    isOne &&
    literals[2] === '0' &&
    object.attnum === catalog.attnum + 1 &&
    [1, 4].includes(catalog.attnum)
  );
}

/** An expression with the relation that it is about, from one row: with another relation it would tell of that one's columns. */
function isOfOneRow({ name, columns: [expression, of] }: FunctionUse): boolean {
  if (name !== 'pg_get_expr' || expression == null || expression.relation !== of?.relation) return false;
  const { schema, name: catalog } = of.relation.relation;
  return schema === 'pg_catalog' && relationKeys.has(`${catalog}.${nameOf(of)}`);
}

const relationKeys: ReadonlySet<string> = new Set(
  `pg_attrdef.adrelid pg_class.oid pg_constraint.conrelid pg_index.indrelid pg_partitioned_table.partrelid pg_policy.polrelid
  pg_publication_rel.prrelid pg_statistic_ext.stxrelid pg_trigger.tgrelid`.split(/\s+/),
);

function nameOf({ relation, attnum }: NonNullable<FunctionUse['columns'][number]>): string {
  const column = relation.relation.columns.find((each) => each.attnum === attnum);
  return column?.name ?? '';
}

/** The types that a function takes, which are seen where it is. */
function isOfFunctions({ name, columns: [types] }: FunctionUse): boolean {
  return name === 'oidvectortypes' && types?.relation.relation.oid === catalogOf.procedure;
}

/** PG 53: pg_depend, whose first columns are classid, objid, objsubid, refclassid and refobjid. */
const dependencies = 2608;

/** text, name, unknown. */
const texts: ReadonlySet<number> = new Set([25, 19, 705]);

interface ColumnGuard {
  /** The argument that tells the column. */
  readonly argument: number;
  /** In SQL: whether a relation's column of this name or number is seen. */
  readonly isSeen: (oid: string, column: string) => string;
}

/** What a filtered catalog makes of functions, casts and types that tell about its objects. */
export class CatalogGuards {
  constructor(
    private readonly is: CatalogPredicates,
    private readonly index: CatalogIndex,
  ) {}

  /** What is refused, in words; null for what isn't. */
  refusalOf(use: FunctionUse): string | null {
    const { name, candidates, literals } = use;
    if (!candidates.every(({ schema }) => schema === 'pg_catalog')) return null;
    const what = `function ${name}`;
    if ((tellsAnything(name) && !isOnRecord(use) && !isOfFunctions(use)) || readsAnyType(name)) return what;
    if (name.startsWith('pg_input_') && !this.isPlainType(literals[1])) return `${what} of this type`;
    const at = takesName(name) ? this.placeOf(name, literals.length) : -1;
    if (at < 0) return null;
    const [literal, column] = [literals[at], literals[at + 1]];
    const taken = candidates.map(({ arguments: types }) => types[at] ?? 0);
    const isText = taken.every((type) => texts.has(type));
    // Looked at where it runs, and NULL there, whatever its columns are.
    if (isText && typeof literal === 'string' && isLookedUp(name) && !this.isSeenName(name, literal)) return null;
    const isColumn = !takesColumn(name) || column === undefined || literal === undefined;
    if (!isColumn && !this.isSeenColumn(literal, column)) return `${what} of this column`;
    if (isText || !taken.some((type) => texts.has(type)) || !isLookedUp(name) || literal === null) return null;
    return literal !== undefined && this.isSeenName(name, literal) ? null : `${what} of this name`;
  }

  /** How an argument that is an oid or a name is looked at; null where there's nothing to look at. */
  guardOf(use: FunctionUse): CallGuard | null {
    const { name, candidates, literals } = use;
    if (!candidates.every(({ schema }) => schema === 'pg_catalog') || isOfOneRow(use)) return null;
    if (name === 'obj_description') return this.commentGuard(literals[1]);
    const at = this.placeOf(name, literals.length);
    if (at < 0) return null;
    const types = candidates.map(({ arguments: all }) => all[at] ?? 0);
    if (!types.every((type) => texts.has(type))) return this.oidGuard(use, at, types);
    if (takesName(name)) return this.nameGuard(use, at);
    if (describingNamed(name) === null) return null;
    return { argument: at, type: 'text', oidOf: () => '0', condition: () => 'false', isSafe: () => false };
  }

  /** @param catalog as it is written; null or left out: any */
  private commentGuard(catalog: string | null | undefined): CallGuard {
    const condition = (oid: string) =>
      typeof catalog === 'string' ? this.is.comment(String(describedBy[catalog] ?? 0), oid) : this.is.comments(oid);
    return { argument: 0, type: 'oid', condition, isSafe: () => false };
  }

  private nameGuard(use: FunctionUse, at: number): CallGuard | null {
    const { name, literals } = use;
    const column = this.columnGuardOf(use, at);
    const isOfType = takesTypeName(name);
    const may = describingNamed(name)?.may ?? (isOfType ? type : relation);
    const isTold = column === null && (may === relation || isOfType) && this.isSeenLiteralName(name, literals[at]);
    if (!isLookedUp(name) || isTold) return null;
    // A number is a name to some and an oid to others.
    const oidOf = (given: string) =>
      `CASE WHEN ${given} !~ '^\\s*[-0-9]' THEN pg_catalog.${isOfType ? 'to_regtype' : 'to_regclass'}(${given})::pg_catalog.oid END`;
    return { type: 'text', oidOf, ...this.objectGuard(at, may, column), isSafe: () => false };
  }

  private oidGuard(use: FunctionUse, at: number, types: readonly number[]): CallGuard | null {
    const describing = describingNamed(use.name);
    if (describing === null) return null;
    const column = this.columnGuardOf(use, at);
    const columns = new Set((describing.columns ?? '').split(' '));
    return {
      type: types.every((type) => type === 2205) ? 'regclass' : 'oid',
      ...this.objectGuard(at, describing.may, column),
      isSafe: (table, name) => column === null && table.schema === 'pg_catalog' && columns.has(`${table.name}.${name}`),
    };
  }

  private objectGuard(
    argument: number,
    may: Predicate,
    column: ColumnGuard | null,
  ): Pick<CallGuard, 'argument' | 'condition' | 'column'> {
    if (column === null) return { argument, condition: (oid) => may(this.is, oid) };
    const condition = (oid: string, given: string) => `(${may(this.is, oid)} AND ${column.isSeen(oid, given)})`;
    return { argument, condition, column: column.argument };
  }

  /** Of a call that tells of a column by its name: hidden ones are as those that there are not. Null where none is meant. */
  private columnGuardOf({ name, candidates, literals, columns }: FunctionUse, at: number): ColumnGuard | null {
    if (!takesColumn(name) || !this.is.hasHidden) return null;
    const argument = at + 1;
    const [relation, column] = [columns[at], columns[argument]];
    if (literals[at] !== undefined && literals[argument] !== undefined) return null;
    const isOfCatalog = column != null && column.relation.relation.oid === catalogOf.attribute;
    if (isOfCatalog && relation?.relation === column.relation && relation.attnum === 1) return null;
    const isNumber = candidates.every(({ arguments: types }) => types[argument] === 21);
    const isSame = (given: string) => (isNumber ? `h.attnum = ${given}` : `h.attname = ${given}::pg_catalog.name`);
    const isSeen = (oid: string, given: string) =>
      `EXISTS (SELECT FROM pg_catalog.pg_attribute h WHERE h.attrelid = ${oid} AND ${isSame(given)} AND ${this.is.notHidden('h.attrelid', 'h.attnum')})`;
    return { argument, isSeen };
  }

  /** How what a cast is of is looked at; null where there's nothing to look at. */
  castGuardOf(use: CastUse): ValueGuard | null {
    const registry = registries[use.target];
    if (registry === undefined || !this.isGuarded(use)) return null;
    const { may, reads } = registry;
    if (use.source === 26 || isRegistry(use.source)) return { type: 'oid', condition: (oid) => may(this.is, oid) };
    const oidOf = (given: string) =>
      `CASE WHEN ${given} ~ '^\\s*[0-9]+\\s*$' THEN ${given}::pg_catalog.oid ELSE pg_catalog.${reads}(${given})::pg_catalog.oid END`;
    return { type: 'text', oidOf, condition: (oid) => may(this.is, oid) };
  }

  private isGuarded(use: CastUse): boolean {
    const { source, target, literal, operand } = use;
    const isTold = literal === null || (literal !== undefined && this.isSeenLiteral(target, literal));
    // What a call is to do with what isn't there isn't done with nothing.
    if (literal != null && operand !== null && 'call' in operand && !use.isOwnTemporary && !describes(operand))
      return false;
    return operand !== null && isRegistry(target) && source !== target && !isTold && !isOfCatalog(use);
  }

  private placeOf(name: string, count: number): number {
    const guard = describingNamed(name);
    if (guard === null) return 0;
    return guard.argument < 0 ? count + guard.argument : guard.argument;
  }

  /** A cast that could make names of numbers; null for one that can't. */
  castRefusal(use: CastUse): string | null {
    const { source, target, literal } = use;
    if (source === target || literal === null || !this.holdsRegistry(target)) return null;
    const what = 'a cast to a registry type such as regclass';
    if (!isRegistry(target)) return this.isSeenList(use) ? null : `${what}, or to what is made of one,`;
    if (isOfCatalog(use) || this.isGuarded(use)) return null;
    if (literal === undefined) return `${what} of what cannot be looked at`;
    return this.isSeenLiteral(target, literal) ? null : `${what} of this value`;
  }

  /** A type that doesn't exist for the session, or that a value could be read into beside a cast. */
  typeRefusal(types: readonly TypeUse[], parameters: readonly number[]): TypeUse | 'parameter' | null {
    if (parameters.some((oid) => this.holdsRegistry(oid) || !this.isSeenType(oid))) return 'parameter';
    const isRead = ({ oid, isOfCast }: TypeUse) =>
      isOfCast ? isRegistry(this.index.type(oid)?.element ?? 0) : this.holdsRegistry(oid);
    return types.find((use) => !this.isSeenType(use.oid) || isRead(use)) ?? null;
  }

  /** A list of such names, or of the types that a function takes, which are seen where it is. */
  private isSeenList({ target, literal, origin }: CastUse): boolean {
    const element = this.index.type(target)?.element ?? 0;
    if (!isRegistry(element)) return false;
    const [, items] = /^\{([^{}"\\]*)\}$/.exec(literal ?? '') ?? [];
    if (items !== undefined) return items.split(',').every((item) => this.isSeenLiteral(element, item));
    return element === 2206 && origin?.relation.relation.oid === catalogOf.procedure;
  }

  /** What would read names out of a text into a column of a registry type, in words; null: nothing does. */
  populationRefusal({ assigned, functions, types, casts, relations }: BoundStatement): string | null {
    const copied = assigned.filter(({ action }) => action === 'copy-in');
    const isCopied = copied.some(({ relation: { relation }, attnum }) =>
      relation.columns.some((column) => column.attnum === attnum && this.holdsRegistry(column.type)),
    );
    if (isCopied) return 'COPY into a column of a registry type such as regclass';
    const reader = functions.find(({ name }) => readsRows(name));
    if (reader === undefined) return null;
    const returned = functions.flatMap(({ candidates }) =>
      candidates.flatMap((each) => [each.returns, ...each.allArguments]),
    );
    const read = relations.flatMap(({ relation: { columns } }) => columns.map(({ type }) => type));
    const around = [...types.map(({ oid }) => oid), ...casts.map(({ target }) => target), ...returned, ...read];
    return around.some((oid) => this.holdsRegistry(oid))
      ? `function ${reader.name} beside a registry type such as regclass`
      : null;
  }

  private holdsRegistry(oid: number): boolean {
    return holdsType(this.index, oid, (type) => isRegistry(type.oid));
  }

  private isSeenType(oid: number): boolean {
    const type = this.index.type(oid);
    const relation = this.index.relation(type?.relation ?? 0);
    if (relation !== undefined && isSystemSchema(relation.schema)) return false;
    return oid < firstNormalOid || this.is.visible.types.has(oid) || (type !== undefined && type.schema === 'pg_temp');
  }

  private isSeenLiteral(target: number, literal: string): boolean {
    const set = registries[target]?.visible;
    if (isNumber.test(literal)) {
      const oid = Number(literal);
      return oid < firstNormalOid || (set != null && this.is.visible[set].has(oid));
    }
    if (target === 2206) return this.isSeenName('to_regtype', literal);
    return target !== 2205 || this.isSeenName('to_regclass', literal);
  }

  /** A relation's or type's name, as regclass and regtype read it. */
  private isSeenName(name: string, literal: string): boolean {
    if (/^\s*[\d-]/.test(literal)) return false;
    if (takesTypeName(name)) return this.isSeenTypeName(literal);
    return this.relationsCalled(literal).some(
      ({ schema, oid }) => isSystemSchema(schema) || this.is.visible.relations.has(oid),
    );
  }

  private isSeenLiteralName(name: string, literal: string | null | undefined): boolean {
    return literal === null || (literal !== undefined && this.isSeenName(name, literal));
  }

  private relationsCalled(literal: string): readonly Relation[] {
    const [relation, schema] = partsOfName(literal);
    return this.index.catalog.relations.filter(
      (each) => each.name === relation && (schema === undefined || schema === each.schema),
    );
  }

  /** A column of every relation that may be meant; whether one is hidden isn't told from whether there is one. */
  private isSeenColumn(relation: string | null | undefined, column: string | null | undefined): boolean {
    const { hiddenColumns } = this.is.visible;
    if (hiddenColumns.size === 0) return true;
    if (typeof relation !== 'string' || typeof column !== 'string') return false;
    return this.relationsCalled(relation).every(({ oid, columns }) =>
      columns.some(({ name, attnum }) => name === column && hiddenColumns.get(oid)?.includes(attnum) !== true),
    );
  }

  /** Reading a value of it finds nothing out. */
  private isPlainType(literal: string | null | undefined): boolean {
    return typeof literal === 'string' && !/reg|oid/i.test(literal) && this.isSeenTypeName(literal);
  }

  private isSeenTypeName(literal: string): boolean {
    const bare = literal.replace(/\s*\([\d\s,]*\)/, '').replace(/(?:\s*\[\s*\d*\s*\])+\s*$/, '');
    if (typeWords.test(bare)) return true;
    const [type, schema] = partsOfName(bare);
    const named = this.index.catalog.types.filter(({ name }) => name === type);
    // Drivers ask for types of extensions, which may not be there.
    if (named.length === 0 && schema === undefined) return true;
    return named.some((each) => (schema === undefined || schema === each.schema) && this.isSeenType(each.oid));
  }
}

/** Where a catalog is visible: of the session's own temporary views no definition is given. Others are asked for by name, too. */
export function ownViewGuard({ name, candidates }: FunctionUse): CallGuard | null {
  const condition = Object.hasOwn(ownViewGuards, name) ? ownViewGuards[name] : undefined;
  if (condition === undefined || !candidates.every(({ schema }) => schema === 'pg_catalog')) return null;
  return { argument: 0, type: name === 'pg_get_viewdef' ? 'regclass' : 'oid', condition, isSafe: () => false };
}

/** Names of types that are words of the grammar. */
const typeWords =
  /^\s*(?:int|integer|smallint|bigint|real|float|double\s+precision|dec|decimal|boolean|(?:national\s+)?char(?:acter)?(?:\s+varying)?|nchar|bit\s+varying|time(?:stamp)?\s+with(?:out)?\s+time\s+zone|interval\s[a-z\s]*)\s*$/i;

function describes({ function: { schema, name } }: CallOperand): boolean {
  return schema === 'pg_catalog' && describingNamed(name) !== null;
}
