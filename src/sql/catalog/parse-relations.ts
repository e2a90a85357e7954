import type { Column, ForeignKey, Key, Relation, Rule, StoredQuery, Trigger, ViewFacts } from './catalog.js';
import { type CatalogSection, type CatalogText, catalogSections } from './catalog-text.js';
import { none, numbersIn, Sections } from './sections.js';

// The facts in the order in which src/catalog/catalog-queries.ts asks for them.
type ColumnFact = [string, number, number, number, number, boolean, boolean, Column['generated'], Column['identity']];
type KeyFact = [number, string, boolean, string, number, boolean, boolean, boolean, boolean];
type ForeignKeyFact = [number, string, number[], number, number[]];
type TriggerFact = [number, string, number, number, Trigger['enabled']];
type RuleFact = [number, string, '1' | '2' | '3' | '4', boolean];
type StoredQueryFact = [number, number[] | null, number[] | null, boolean, boolean, ...computed: (number[] | null)[]];
type RelationFact = [
  oid: number,
  schema: string,
  name: string,
  kind: Relation['kind'],
  owner: string,
  persistence: Relation['persistence'],
  rowType: number,
  isPartition: boolean,
  hasRowSecurity: boolean,
  forcesRowSecurity: boolean,
  options: string[] | null,
];
/**
 * The temporary relations of a session, as it told them (temporaryRelationsQuery in src/catalog/).
 * @throws SyntaxError for what is no JSON
 */
export function parseTemporaryRelations(text: string): readonly Relation[] {
  const told = JSON.parse(text) as Partial<Record<CatalogSection, string | null>>;
  const sections = Object.fromEntries(catalogSections.map((section) => [section, told[section] ?? '[]']));
  return parseRelations(new Sections(sections as CatalogText['sections']));
}

export function parseRelations(sections: Sections): Relation[] {
  const columns = new Map(sections.read<[number, string]>('columns'));
  const keys = sections.byOid<KeyFact>('keys');
  const foreignKeys = sections.byOid<ForeignKeyFact>('foreignKeys');
  const parents = sections.byOid<[number, number]>('parents');
  const children = childrenOf(sections.read<[number, number]>('parents'));
  const triggers = sections.byOid<TriggerFact>('triggers');
  const rules = sections.byOid<RuleFact>('rules');
  const viewReads = sections.byOid<StoredQueryFact>('viewReads');
  const policyReads = sections.byOid<StoredQueryFact>('policyReads');
  const users = new Map(sections.read<[number, number[]]>('sequenceUsers'));
  return sections.read<RelationFact>('relations').map((fact): Relation => {
    const [oid, schema, name, kind, owner, persistence, rowType, isPartition, hasSecurity, forcesSecurity] = fact;
    const ownKeys = keys(oid);
    const columnsText = columns.get(oid);
    let parsedColumns: readonly Column[] | null = columnsText === undefined ? none : null;
    return {
      oid,
      schema,
      name,
      kind,
      owner,
      persistence,
      rowType,
      // Most of a catalog is columns, and most statements name a handful of tables.
      get columns() {
        parsedColumns ??= (JSON.parse(columnsText ?? '[]') as readonly ColumnFact[]).map(toColumn);
        return parsedColumns;
      },
      primaryKey: ownKeys.filter((key) => key[2]).map(toKey)[0] ?? null,
      uniqueKeys: ownKeys.filter((key) => !key[2]).map(toKey),
      foreignKeys: foreignKeys(oid).map(toForeignKey),
      parents: parents(oid).map(([, parent]) => parent),
      children: children.get(oid) ?? none,
      isPartition,
      triggers: triggers(oid).map(toTrigger),
      rules: rules(oid).map(toRule),
      rowSecurity: hasSecurity ? (forcesSecurity ? 'forced' : 'on') : 'off',
      policies: toStoredQuery(policyReads(oid)[0]),
      users: users.get(oid) ?? none,
      view: kind === 'v' || kind === 'm' ? toView(fact[10] ?? none, viewReads(oid)) : null,
    };
  });
}

function childrenOf(links: readonly [number, number][]): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const [child, parent] of links) {
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [child]);
    else siblings.push(child);
  }
  return children;
}

function toColumn(fact: ColumnFact): Column {
  const [name, attnum, type, typmod, collation, notNull, hasDefault, generated, identity] = fact;
  return { name, attnum, type, typmod, collation, notNull, hasDefault, generated, identity };
}

function toKey([, name, , columns, keyColumns, isConstraint, isDeferrable, isPartial, nulls]: KeyFact): Key {
  return {
    name,
    columns: numbersIn(columns).slice(0, keyColumns),
    isConstraint,
    isDeferrable,
    isPartial,
    nullsNotDistinct: nulls,
  };
}

function toForeignKey([, name, columns, target, targetColumns]: ForeignKeyFact): ForeignKey {
  return { name, columns, target, targetColumns };
}

// The bits of pg_trigger.tgtype, as in PostgreSQL's catalog/pg_trigger.h.
const triggerRow = 1;
const triggerBefore = 2;
const triggerInstead = 64;
const triggerEvents = [
  ['insert', 4],
  ['delete', 8],
  ['update', 16],
  ['truncate', 32],
] as const;

function toTrigger([, name, bits, calls, enabled]: TriggerFact): Trigger {
  return {
    name,
    timing: bits & triggerInstead ? 'instead of' : bits & triggerBefore ? 'before' : 'after',
    events: triggerEvents.filter(([, bit]) => bits & bit).map(([event]) => event),
    forEach: bits & triggerRow ? 'row' : 'statement',
    function: calls,
    enabled,
  };
}

const ruleEvents = { 1: 'select', 2: 'update', 3: 'insert', 4: 'delete' } as const;

function toRule([, name, event, isInstead]: RuleFact): Rule {
  return { name, event: ruleEvents[event], isInstead };
}

function toView(options: readonly string[], [reads]: readonly StoredQueryFact[]): ViewFacts {
  const option = (name: string) => options.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
  const check = option('check_option');
  return {
    securityInvoker: isTrue(option('security_invoker')),
    securityBarrier: isTrue(option('security_barrier')),
    checkOption: check === 'local' || check === 'cascaded' ? check : 'none',
    computed: reads?.[5] ?? none,
    ...(toStoredQuery(reads) ?? { reads: none, calls: none, locksRows: false, castsToDomain: false }),
  };
}

function toStoredQuery(fact: StoredQueryFact | undefined): StoredQuery | null {
  if (fact === undefined) return null;
  const [, reads, calls, locksRows, castsToDomain] = fact;
  return { reads: reads ?? none, calls: calls ?? none, locksRows, castsToDomain };
}

/** reloptions keep a boolean as it was written: true, on, yes, 1, and their beginnings, in any case. */
function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(t(r(ue?)?)?|on|y(es?)?|1)$/i.test(text);
}
