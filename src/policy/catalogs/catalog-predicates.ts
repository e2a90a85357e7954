import { isListed, isOneOf } from './oid-set.js';
import { catalogOf, firstNormalOid, type VisibleObjects } from './visible-objects.js';

/** Stands for what is asked of, in what is made once. */
const placeholder = '\x01';

/**
 * Conditions in SQL on oids of objects: true for those that a session may see. What they are asked of is an expression
 * of type oid. All names are qualified and all inner relations have aliases, so that they can stand anywhere.
 */
export class CatalogPredicates {
  private readonly members = new Map<Iterable<number>, string>();

  constructor(readonly visible: VisibleObjects) {}

  /** A table, view, sequence or composite type. */
  relation(oid: string): string {
    return this.oneOf(oid, this.visible.relations, this.ownTemporary(oid, 'oid'));
  }

  /** One that nothing is withheld of. */
  open(oid: string): string {
    return this.oneOf(oid, this.visible.open, this.ownTemporary(oid, 'oid'));
  }

  /** The same with their indexes, and without PostgreSQL's own, whose size tells of all others. */
  openOrIndex(oid: string): string {
    return `(${this.member(oid, this.visible.openIndexed)})`;
  }

  /** A relation of a tree that is visible as a whole, or an index of one. */
  whole(oid: string): string {
    return this.oneOf(oid, this.visible.whole);
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
  index(oid: string): string {
    return this.oneOf(oid, this.visible.indexes, this.ownTemporaryIndex(oid));
  }

  relationOrIndex(oid: string): string {
    return this.oneOf(oid, this.visible.indexed, this.ownTemporaryOrIndex(oid));
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

  /** What a definition names is visible. The catalog doesn't know those of the session's own temporary relations. */
  private mentionsVisible(catalog: number, oid: string, relation: string): string {
    const isKnown = `(${oid} < ${this.visible.newestDefinition} AND ${this.isTold(catalog, oid)})`;
    if (!this.visible.hasTemporary) return isKnown;
    const plain = `SELECT o.objid FROM pg_catalog.pg_depend o WHERE o.refclassid = ${catalogOf.relation} AND o.refobjid = ANY (${this.ownTemporaries}) AND o.classid = ${catalog} AND ${this.namesOwnOnly('o.classid', 'o.objid')}`;
    return `CASE WHEN ${relation} = ANY (${this.ownTemporaries}) THEN ${oid} = ANY (ARRAY(${plain})) ELSE ${isKnown} END`;
  }

  /** The same of what is told of only if the catalog knows it. */
  private isTold(catalog: number, oid: string): string {
    const withheld = this.visible.withheld.get(catalog);
    return withheld === undefined ? 'true' : `NOT ${this.member(oid, withheld)}`;
  }

  /** What belongs to a temporary relation of the session's own, and names nothing of users beside those. */
  private namesOwnOnly(catalog: string, oid: string): string {
    const isOther = `CASE m.refclassid WHEN ${catalogOf.relation} THEN m.refobjid <> ALL (${this.ownTemporaries}) ELSE m.refclassid IN (${catalogOf.procedure}, ${catalogOf.type}) END`;
    return `NOT EXISTS (SELECT FROM pg_catalog.pg_depend m WHERE m.classid = ${catalog} AND m.objid = ${oid} AND m.refobjid >= ${firstNormalOid} AND ${isOther})`;
  }

  constraint(at: string): string {
    const none = (column: string, is: string) => `(${at}${column} = 0 OR ${is})`;
    const mentions = (catalog: number, column: string) =>
      this.mentionsVisible(catalog, `${at}${column}`, `${at}conrelid`);
    const parts = [
      none('conrelid', this.relation(`${at}conrelid`)),
      none('confrelid', this.relation(`${at}confrelid`)),
      none('contypid', this.type(`${at}contypid`)),
      `(${at}contype NOT IN ('c', 'x') OR ${none('conrelid', this.open(`${at}conrelid`))})`,
      this.noneHidden(`${at}conrelid`, `${at}conkey`),
      this.noneHidden(`${at}confrelid`, `${at}confkey`),
      // Keys name nothing but columns.
      `(${at}contype IN ('p', 'u', 'f', 'n') OR ${mentions(catalogOf.constraint, 'oid')})`,
      // What an exclusion names is on record of its index.
      `(${at}contype <> 'x' OR ${mentions(catalogOf.relation, 'conindid')})`,
    ];
    return `(${parts.join(' AND ')})`;
  }

  default(at: string): string {
    return `(${this.clearColumn(`${at}adrelid`, `${at}adnum`)} AND ${this.mentionsVisible(catalogOf.default, `${at}oid`, `${at}adrelid`)})`;
  }

  /** What its definition says beside its function is told of open relations only. */
  trigger(at: string): string {
    const plain = `(${at}tgqual IS NULL AND ${at}tgnargs = 0 OR ${this.open(`${at}tgrelid`)})`;
    const target = `(${at}tgconstrrelid = 0 OR ${this.relation(`${at}tgconstrrelid`)})`;
    return `(${this.relation(`${at}tgrelid`)} AND ${plain} AND ${target} AND ${this.function(`${at}tgfoid`)} AND ${this.mentionsVisible(catalogOf.trigger, `${at}oid`, `${at}tgrelid`)})`;
  }

  /** One of a view; others than the one that makes it a view may name more than it reads. */
  rule(at: string): string {
    return `(${this.transparent(`${at}ev_class`)} AND ${this.mentionsVisible(catalogOf.rewrite, `${at}oid`, `${at}ev_class`)})`;
  }

  /** A domain's default. */
  typeDefault(oid: string): string {
    return `(${this.type(oid)} AND ${this.isTold(catalogOf.type, oid)})`;
  }

  /** A function's parameters with their defaults. */
  parameters(oid: string): string {
    return `(${this.function(oid)} AND ${this.isTold(catalogOf.procedure, oid)})`;
  }

  policy(at: string): string {
    return `(${this.open(`${at}polrelid`)} AND ${this.mentionsVisible(catalogOf.policy, `${at}oid`, `${at}polrelid`)})`;
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
    const relation = this.oneOf(oid, this.visible.openIndexed, this.ownTemporaryOrIndex(oid));
    const constraint = `${this.constraint('z.')} AND (z.conrelid = 0 OR ${this.open('z.conrelid')})`;
    return `(${oid} < ${firstNormalOid} OR CASE ${catalog} WHEN ${catalogOf.relation} THEN ${relation} WHEN ${catalogOf.procedure} THEN ${this.function(oid)} WHEN ${catalogOf.type} THEN ${this.type(oid)} WHEN ${catalogOf.schema} THEN ${this.schema(oid)} WHEN ${catalogOf.constraint} THEN ${inCatalog('pg_constraint', constraint)} WHEN ${catalogOf.trigger} THEN ${inCatalog('pg_trigger', `${this.trigger('z.')} AND ${this.open('z.tgrelid')}`)} WHEN ${catalogOf.policy} THEN ${inCatalog('pg_policy', this.policy('z.'))} WHEN ${catalogOf.extension} THEN true ELSE false END)`;
  }

  /** Whether all comments on what has this oid in one catalog or other are told. */
  comments(oid: string): string {
    return `(${oid} < ${firstNormalOid} OR ${oid} NOT IN (SELECT d.objoid FROM pg_catalog.pg_description d WHERE d.objoid >= ${firstNormalOid} AND d.objsubid = 0 AND NOT ${this.comment('d.classoid', 'd.objoid')}))`;
  }

  private oneOf(oid: string, oids: Iterable<number>, own = ''): string {
    return `(${oid} < ${firstNormalOid} OR ${this.member(oid, oids)}${own})`;
  }

  private member(oid: string, oids: Iterable<number>): string {
    let isMember = this.members.get(oids);
    if (isMember === undefined) {
      isMember = isOneOf(placeholder, oids);
      this.members.set(oids, isMember);
    }
    return isMember.replaceAll(placeholder, () => oid);
  }

  /**
   * What is in the session's own temporary schema; pg_my_temp_schema() is 0 where there is none. As a list it is asked
   * for once, and the planner counts it once: as a sub-select it would for every scan, and take loops over all instead.
   */
  private ownTemporary(oid: string, column: 'oid' | 'reltype'): string {
    if (!this.visible.hasTemporary) return '';
    const types = `SELECT t.reltype FROM pg_catalog.pg_class t WHERE t.oid = ANY (${this.ownTemporaries})`;
    return ` OR ${oid} = ANY (${column === 'oid' ? this.ownTemporaries : `ARRAY(${types})`})`;
  }

  private ownTemporaryOrIndex(oid: string): string {
    return `${this.ownTemporary(oid, 'oid')}${this.ownTemporaryIndex(oid)}`;
  }

  private ownTemporaryIndex(oid: string): string {
    if (!this.visible.hasTemporary) return '';
    const isPlain = `(x.indexprs IS NULL AND x.indpred IS NULL OR ${this.namesOwnOnly(String(catalogOf.relation), 'x.indexrelid')})`;
    return ` OR ${oid} = ANY (ARRAY(SELECT x.indexrelid FROM pg_catalog.pg_index x WHERE x.indrelid = ANY (${this.ownTemporaries}) AND ${isPlain}))`;
  }

  private get ownTemporaries(): string {
    return `ARRAY(SELECT t.objid FROM pg_catalog.pg_depend t WHERE pg_catalog.pg_my_temp_schema() <> 0 AND t.refclassid = ${catalogOf.schema} AND t.refobjid = pg_catalog.pg_my_temp_schema() AND t.classid = ${catalogOf.relation})`;
  }
}

export const currentRole = `(SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER)`;

/** Whether a column is one of these; one number stands for relation and attnum together, which are 32 and 16 bits. */
function isIn(relation: string, attnum: string, columns: ReadonlyMap<number, readonly number[]>): string {
  const numbers = [...columns].flatMap(([oid, attnums]) => attnums.map((each) => oid * 65536 + each));
  const number = `(${relation}::pg_catalog.int8 * 65536::pg_catalog.int8 + ${attnum}::pg_catalog.int8)`;
  return isListed(number, numbers, 'int8');
}
