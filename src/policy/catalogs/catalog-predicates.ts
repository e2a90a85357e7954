import { firstNormalOid, type VisibleObjects } from './visible-objects.js';

/** PG 53: oids of the system catalogs that objects are told apart by; the same in every version. */
export const catalogOf = {
  type: 1247,
  attribute: 1249,
  procedure: 1255,
  relation: 1259,
  default: 2604,
  constraint: 2606,
  rewrite: 2618,
  trigger: 2620,
  schema: 2615,
  extension: 3079,
  policy: 3256,
} as const;

/**
 * Conditions in SQL on oids of objects: true for those that a session may see. What they are asked of is an expression
 * of type oid. All names are qualified and all inner relations have aliases, so that they can stand anywhere.
 */
export class CatalogPredicates {
  private readonly lists = new Map<ReadonlySet<number>, string>();

  constructor(readonly visible: VisibleObjects) {}

  /** A table, view, sequence or composite type. */
  relation(oid: string): string {
    return this.oneOf(oid, this.visible.relations, this.ownTemporary(oid, 'oid'));
  }

  /** One that nothing is withheld of. */
  open(oid: string): string {
    return this.oneOf(oid, this.visible.open, this.ownTemporary(oid, 'oid'));
  }

  /** The same without PostgreSQL's own, whose size tells of all others. */
  openOfUsers(oid: string): string {
    return this.member(oid, this.visible.open);
  }

  /** The same with their indexes. */
  openOrIndex(oid: string): string {
    return `(${this.openOfUsers(oid)} OR ${oid} IN (SELECT x.indexrelid FROM pg_catalog.pg_index x WHERE ${this.openOfUsers('x.indrelid')}))`;
  }

  /** A relation of a tree that is visible as a whole, or an index of one. */
  whole(oid: string): string {
    const { whole } = this.visible;
    return `(${oid} < ${firstNormalOid} OR ${this.member(oid, whole)} OR ${oid} IN (SELECT x.indexrelid FROM pg_catalog.pg_index x WHERE ${this.member('x.indrelid', whole)} AND ${this.someIndex('x.')}))`;
  }

  /** A view that names nothing withheld. A temporary one of the session's own has the policy in it. */
  transparent(oid: string): string {
    return this.oneOf(oid, this.visible.transparent);
  }

  function(oid: string): string {
    return this.oneOf(oid, this.visible.functions);
  }

  type(oid: string): string {
    return this.oneOf(oid, this.visible.types, this.ownTemporary(oid, 'reltype'));
  }

  schema(oid: string): string {
    const own = this.visible.hasTemporary ? ` OR ${oid} = pg_catalog.pg_my_temp_schema()` : '';
    return this.oneOf(oid, this.visible.schemas, own);
  }

  /** PostgreSQL's own roles and the account of the session. */
  role(oid: string): string {
    return `(${oid} < ${firstNormalOid} OR ${oid} = ${currentRole})`;
  }

  /** An index of a visible relation, over visible columns; what its definition says more is told of open ones only. */
  index(oid: string, relation: string, keys: string, hasMore: string): string {
    const hidden = this.hasHidden ? ` AND NOT ${this.anyHidden(relation, keys)}` : '';
    return `(${this.relation(relation)}${hidden} AND (NOT ${hasMore} OR ${this.open(relation)} AND ${this.mentionsVisible(catalogOf.relation, oid)}))`;
  }

  private someIndex(at: string): string {
    const more = `(${at}indexprs IS NOT NULL OR ${at}indpred IS NOT NULL)`;
    return this.index(`${at}indexrelid`, `${at}indrelid`, `${at}indkey`, more);
  }

  relationOrIndex(oid: string): string {
    return `(${this.relation(oid)} OR ${oid} IN (SELECT x.indexrelid FROM pg_catalog.pg_index x WHERE ${this.someIndex('x.')}))`;
  }

  column(relation: string, attnum: string): string {
    const { hiddenColumns } = this.visible;
    return `(${this.relation(relation)}${this.hasHidden ? ` AND NOT ${isIn(relation, attnum, hiddenColumns)}` : ''})`;
  }

  /** A column whose values the session sees as they are. */
  clearColumn(relation: string, attnum: string): string {
    const { maskedColumns } = this.visible;
    const masked = maskedColumns.size === 0 ? '' : ` AND NOT ${isIn(relation, attnum, maskedColumns)}`;
    return `(${this.column(relation, attnum)}${masked})`;
  }

  /** True for what has none. */
  notHidden(relation: string, attnum: string): string {
    return this.hasHidden ? `NOT ${isIn(relation, attnum, this.visible.hiddenColumns)}` : 'true';
  }

  get hasHidden(): boolean {
    return this.visible.hiddenColumns.size > 0;
  }

  private anyHidden(relation: string, attnums: string): string {
    const inner = isIn(relation, 'u.attnum', this.visible.hiddenColumns);
    return `EXISTS (SELECT FROM pg_catalog.unnest(${attnums}) AS u(attnum) WHERE ${inner})`;
  }

  noneHidden(relation: string, attnums: string): string {
    return this.hasHidden ? `NOT ${this.anyHidden(relation, attnums)}` : 'true';
  }

  /**
   * What an object's definition names is on record in pg_depend, but for what is PostgreSQL's own. Sequences of visible
   * tables' columns are as good as visible where a default names them.
   */
  mentionsVisible(catalog: number, oid: string): string {
    const owned = `EXISTS (SELECT FROM pg_catalog.pg_depend own WHERE own.classid = ${catalogOf.relation} AND own.objid = dep.refobjid AND own.refclassid = ${catalogOf.relation} AND own.deptype IN ('a', 'i') AND ${this.relation('own.refobjid')})`;
    const isIndex = 'EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indexrelid = dep.refobjid)';
    return `NOT EXISTS (SELECT FROM pg_catalog.pg_depend dep WHERE dep.classid = ${catalog} AND dep.objid = ${oid} AND dep.refobjid >= ${firstNormalOid} AND CASE dep.refclassid WHEN ${catalogOf.relation} THEN NOT ${this.relation('dep.refobjid')} AND NOT ${isIndex} AND NOT ${owned} OR NOT ${this.notHidden('dep.refobjid', 'dep.refobjsubid')} WHEN ${catalogOf.procedure} THEN NOT ${this.function('dep.refobjid')} WHEN ${catalogOf.type} THEN NOT ${this.type('dep.refobjid')} ELSE false END)`;
  }

  constraint(at: string): string {
    const none = (column: string, is: string) => `(${at}${column} = 0 OR ${is})`;
    const parts = [
      none('conrelid', this.relation(`${at}conrelid`)),
      none('confrelid', this.relation(`${at}confrelid`)),
      none('contypid', this.type(`${at}contypid`)),
      `(${at}contype NOT IN ('c', 'x') OR ${none('conrelid', this.open(`${at}conrelid`))})`,
      this.noneHidden(`${at}conrelid`, `${at}conkey`),
      this.noneHidden(`${at}confrelid`, `${at}confkey`),
      this.mentionsVisible(catalogOf.constraint, `${at}oid`),
      // What an exclusion names is on record of its index.
      `(${at}contype <> 'x' OR ${this.mentionsVisible(catalogOf.relation, `${at}conindid`)})`,
    ];
    return `(${parts.join(' AND ')})`;
  }

  default(at: string): string {
    return `(${this.clearColumn(`${at}adrelid`, `${at}adnum`)} AND ${this.mentionsVisible(catalogOf.default, `${at}oid`)})`;
  }

  /** What its definition says beside its function is told of open relations only. */
  trigger(at: string): string {
    const plain = `(${at}tgqual IS NULL AND ${at}tgnargs = 0 OR ${this.open(`${at}tgrelid`)})`;
    const target = `(${at}tgconstrrelid = 0 OR ${this.relation(`${at}tgconstrrelid`)})`;
    return `(${this.relation(`${at}tgrelid`)} AND ${plain} AND ${target} AND ${this.function(`${at}tgfoid`)} AND ${this.mentionsVisible(catalogOf.trigger, `${at}oid`)})`;
  }

  /** One of a view; others than the one that makes it a view may name more than it reads. */
  rule(at: string): string {
    return `(${this.transparent(`${at}ev_class`)} AND ${this.mentionsVisible(catalogOf.rewrite, `${at}oid`)})`;
  }

  /** A domain's default. */
  typeDefault(oid: string): string {
    return `(${this.type(oid)} AND ${this.mentionsVisible(catalogOf.type, oid)})`;
  }

  /** A function's parameters with their defaults. */
  parameters(oid: string): string {
    const hasDefaults = `EXISTS (SELECT FROM pg_catalog.pg_proc f WHERE f.oid = ${oid} AND f.pronargdefaults > 0)`;
    return `(${this.function(oid)} AND (NOT ${hasDefaults} OR ${this.mentionsVisible(catalogOf.procedure, oid)}))`;
  }

  policy(at: string): string {
    return `(${this.open(`${at}polrelid`)} AND ${this.mentionsVisible(catalogOf.policy, `${at}oid`)})`;
  }

  /** An object that is told by its catalog and oid, as in pg_depend; of relations also the column. */
  object(catalog: string, oid: string, attnum: string): string {
    const inCatalog = (relation: string, is: string) =>
      `${oid} IN (SELECT z.oid FROM pg_catalog.${relation} z WHERE ${is})`;
    const kinds: readonly (readonly [number, string])[] = [
      [catalogOf.relation, `${this.relationOrIndex(oid)} AND ${this.notHidden(oid, attnum)}`],
      [catalogOf.procedure, this.function(oid)],
      [catalogOf.type, this.type(oid)],
      [catalogOf.schema, this.schema(oid)],
      [catalogOf.extension, 'true'],
      [catalogOf.default, inCatalog('pg_attrdef', this.default('z.'))],
      [catalogOf.constraint, inCatalog('pg_constraint', this.constraint('z.'))],
      [catalogOf.rewrite, inCatalog('pg_rewrite', this.rule('z.'))],
      [catalogOf.trigger, inCatalog('pg_trigger', this.trigger('z.'))],
    ];
    const cases = kinds.map(([number, is]) => `WHEN ${number} THEN ${is}`);
    return `(${oid} < ${firstNormalOid} OR CASE ${catalog} ${cases.join(' ')} ELSE false END)`;
  }

  /** A comment is told of what is visible and, for relations, open. */
  comment(catalog: string, oid: string): string {
    const inCatalog = (relation: string, is: string) =>
      `${oid} IN (SELECT z.oid FROM pg_catalog.${relation} z WHERE ${is})`;
    const relation = `(${this.open(oid)} OR ${oid} IN (SELECT x.indexrelid FROM pg_catalog.pg_index x WHERE ${this.open('x.indrelid')}))`;
    const constraint = `${this.constraint('z.')} AND (z.conrelid = 0 OR ${this.open('z.conrelid')})`;
    return `(${oid} < ${firstNormalOid} OR CASE ${catalog} WHEN ${catalogOf.relation} THEN ${relation} WHEN ${catalogOf.procedure} THEN ${this.function(oid)} WHEN ${catalogOf.type} THEN ${this.type(oid)} WHEN ${catalogOf.schema} THEN ${this.schema(oid)} WHEN ${catalogOf.constraint} THEN ${inCatalog('pg_constraint', constraint)} WHEN ${catalogOf.trigger} THEN ${inCatalog('pg_trigger', `${this.trigger('z.')} AND ${this.open('z.tgrelid')}`)} WHEN ${catalogOf.policy} THEN ${inCatalog('pg_policy', this.policy('z.'))} WHEN ${catalogOf.extension} THEN true ELSE false END)`;
  }

  /** Whether all comments on what has this oid in one catalog or other are told. */
  comments(oid: string): string {
    return `(${oid} < ${firstNormalOid} OR NOT EXISTS (SELECT FROM pg_catalog.pg_description d WHERE d.objoid = ${oid} AND d.objsubid = 0 AND NOT ${this.comment('d.classoid', 'd.objoid')}))`;
  }

  private oneOf(oid: string, set: ReadonlySet<number>, own = ''): string {
    const some = set.size === 0 ? '' : ` OR ${this.member(oid, set)}`;
    return `(${oid} < ${firstNormalOid}${some}${own})`;
  }

  private member(oid: string, set: ReadonlySet<number>): string {
    if (set.size === 0) return 'false';
    return `${oid} = ANY ('{${this.listOf(set)}}'::pg_catalog.oid[])`;
  }

  private listOf(set: ReadonlySet<number>): string {
    let list = this.lists.get(set);
    if (list === undefined) {
      list = [...set].sort((a, b) => a - b).join();
      this.lists.set(set, list);
    }
    return list;
  }

  /**
   * What is in the session's own temporary schema; pg_my_temp_schema() is 0 where there is none. As a list it is asked
   * for once, and the planner counts it once: as a sub-select it would for every scan, and take loops over all instead.
   */
  private ownTemporary(oid: string, column: 'oid' | 'reltype'): string {
    if (!this.visible.hasTemporary) return '';
    const own = `pg_catalog.pg_depend o WHERE pg_catalog.pg_my_temp_schema() <> 0 AND o.refclassid = ${catalogOf.schema} AND o.refobjid = pg_catalog.pg_my_temp_schema() AND o.classid = ${catalogOf.relation}`;
    const listed =
      column === 'oid'
        ? `SELECT o.objid FROM ${own}`
        : `SELECT t.reltype FROM pg_catalog.pg_class t WHERE t.oid IN (SELECT o.objid FROM ${own})`;
    return ` OR ${oid} = ANY (ARRAY(${listed}))`;
  }
}

export const currentRole = `(SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER)`;

/** Whether a column is one of these; one number stands for relation and attnum together, which are 32 and 16 bits. */
function isIn(relation: string, attnum: string, columns: ReadonlyMap<number, readonly number[]>): string {
  const numbers = [...columns].flatMap(([oid, attnums]) => attnums.map((each) => oid * 65536 + each));
  const number = `(${relation}::pg_catalog.int8 * 65536::pg_catalog.int8 + ${attnum}::pg_catalog.int8)`;
  return `${number} = ANY ('{${numbers.join()}}'::pg_catalog.int8[])`;
}
