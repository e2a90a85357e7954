import type { CatalogSection } from '../sql/catalog/catalog-text.js';
import { callsIn, computedColumns, listed, storedQuery } from './stored-queries.js';

// Every query gives one row with one column: a JSON text, an array of arrays whose order src/sql/catalog/
// takes apart, or null for none. Each has an order, so that the same contents give the same text. Nothing here takes a lock
// on a relation of the user's (as pg_get_viewdef and pg_relation_is_updatable do): a long ALTER TABLE of somebody else
// must not stop the reading. oids go out as int8 since JSON would quote them; oidvector and int2vector as texts
// ("23 25"), and so each relation's columns (JSON within JSON).

// What is asked of a client's own session names everything in full, types too: its temporary tables, each with a type of
// its name, come before PostgreSQL's.

/** One query a section, for a server of that major version (13 to 18). */
export function catalogQueries(major: number): Readonly<Record<CatalogSection, string>> {
  const schemas = schemasWhere(`nspname !~ '^pg_(toast$|temp_|toast_temp_)'`);
  return {
    schemas: rows('n.oid::int8, n.nspname, pg_get_userbyid(n.nspowner)', `${schemas} n order by n.oid`),
    ...relationQueries(major, schemas),
    tableIndexes: rows(
      'i.indexrelid::int8, i.indrelid::int8, i.indkey::text, i.indexprs is not null or i.indpred is not null',
      `pg_index i where i.indexrelid >= 16384 and ${ofRelations('i.indrelid', schemas)} order by i.indexrelid`,
    ),
    sequenceUsers: sequenceUsersQuery(schemas),
    mentions: mentionsQuery(schemas),
    newestDefinition: rows('newest', `(select max(oid)::int8 + 1 as newest from ${definitions(schemas)} f) n`),
    types: typesQuery(major, schemas),
    enumLabels: rows(
      'e.enumtypid::int8, json_agg(e.enumlabel order by e.enumsortorder)',
      `pg_enum e where ${ofTypes('e.enumtypid', schemas)} group by e.enumtypid order by e.enumtypid`,
    ),
    typeOperators: typeOperatorsQuery(schemas),
    domainChecks: rows(
      `k.contypid::int8, ${listed(callsIn('k.trees'))}`,
      `(select contypid, string_agg(conbin::text, ' ') as trees from pg_constraint where contypid <> 0 and ${ofTypes('contypid', schemas)} group by contypid) k
        order by k.contypid`,
    ),
    functions: functionsQuery(major, schemas),
    operators: rows(
      'o.oid::int8, n.nspname, o.oprname, o.oprleft::int8, o.oprright::int8, o.oprresult::int8, o.oprcode::oid::int8',
      `pg_operator o join ${schemas} n on n.oid = o.oprnamespace order by o.oid`,
    ),
    casts: rows(
      'castsource::int8, casttarget::int8, castfunc::int8, castcontext, castmethod',
      `pg_cast where ${ofTypes('castsource', schemas)} and ${ofTypes('casttarget', schemas)} order by oid`,
    ),
    collations: rows(
      'c.oid::int8, n.nspname, c.collname, c.collisdeterministic',
      // One name can have a collation for each encoding; -1 is for all of them.
      `pg_collation c join ${schemas} n on n.oid = c.collnamespace where c.collencoding in (-1,
        (select encoding from pg_database where datname = current_database())) order by c.oid`,
    ),
  };
}

function rows(columns: string, from: string): string {
  return `select pg_catalog.json_agg(fact)::pg_catalog.text from (select pg_catalog.json_build_array(${columns}) as fact from ${from}) as facts`;
}

function schemasWhere(condition: string): string {
  return `(select oid, nspname, nspowner from pg_catalog.pg_namespace where ${condition})`;
}

/**
 * The temporary relations of the session that is asked, committed or not, as one JSON object for
 * `parseTemporaryRelations`. It leaves the session's transaction and settings as they are.
 */
export function temporaryRelationsQuery(major: number): string {
  const queries = Object.entries(relationQueries(major, schemasWhere('oid = pg_catalog.pg_my_temp_schema()')));
  const sections = queries.map(([section, query]) => `'${section}', (${query})`);
  return `select pg_catalog.json_build_object(${sections.join(', ')})::pg_catalog.text`;
}

type RelationSection = 'relations' | 'indexes' | 'columns' | 'keys' | 'foreignKeys' | 'parents' | RelationExtra;
type RelationExtra = 'triggers' | 'rules' | 'viewReads' | 'policyReads';

function relationQueries(major: number, schemas: string): Record<RelationSection, string> {
  const relations = `pg_catalog.pg_class c join ${schemas} n on n.oid = c.relnamespace and c.relkind in (${kinds})`;
  return {
    relations: rows(
      `c.oid::pg_catalog.int8, n.nspname, c.relname, c.relkind, pg_catalog.pg_get_userbyid(c.relowner), c.relpersistence, c.reltype::pg_catalog.int8,
        c.relispartition, c.relrowsecurity, c.relforcerowsecurity, case when c.relkind in ('v', 'm') then c.reloptions end`,
      `${relations} order by n.nspname, c.relname`,
    ),
    indexes: rows(
      'n.nspname, pg_catalog.json_object_agg(c.relname, i.indrelid::pg_catalog.int8 order by c.relname)',
      `pg_catalog.pg_class c join ${schemas} n on n.oid = c.relnamespace and c.relkind in ('i', 'I')
        join pg_catalog.pg_index i on i.indexrelid = c.oid group by n.nspname order by n.nspname`,
    ),
    columns: rows(
      `a.attrelid::pg_catalog.int8, pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, a.attnum, a.atttypid::pg_catalog.int8, a.atttypmod,
        a.attcollation::pg_catalog.int8, a.attnotnull, a.atthasdef, a.attgenerated, a.attidentity) order by a.attnum)::pg_catalog.text`,
      `${relations} join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        group by a.attrelid order by a.attrelid`,
    ),
    keys: keysQuery(major, relations),
    foreignKeys: rows(
      'k.conrelid::pg_catalog.int8, k.conname, k.conkey, k.confrelid::pg_catalog.int8, k.confkey',
      `${relations} join pg_catalog.pg_constraint k on k.conrelid = c.oid and k.contype = 'f' order by k.conname, k.oid`,
    ),
    parents: rows(
      'i.inhrelid::pg_catalog.int8, i.inhparent::pg_catalog.int8',
      `${relations} join pg_catalog.pg_inherits i on i.inhrelid = c.oid order by i.inhrelid, i.inhseqno`,
    ),
    triggers: rows(
      't.tgrelid::pg_catalog.int8, t.tgname, t.tgtype, t.tgfoid::pg_catalog.int8, t.tgenabled',
      `${relations} join pg_catalog.pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal order by t.tgname, t.oid`,
    ),
    rules: rows(
      'r.ev_class::pg_catalog.int8, r.rulename, r.ev_type, r.is_instead',
      `${relations} join pg_catalog.pg_rewrite r on r.ev_class = c.oid and (r.rulename <> '_RETURN' or r.ev_type <> '1')
        order by r.rulename, r.oid`,
    ),
    viewReads: rows(
      `r.ev_class::pg_catalog.int8, ${storedQuery('t.tree', 'r.ev_class', `d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid`)},
        case when r.ev_class >= 16384 then ${computedColumns('t.tree')} end`,
      `${relations} join pg_catalog.pg_rewrite r on r.ev_class = c.oid and c.relkind in ('v', 'm') and r.rulename = '_RETURN',
        lateral (select r.ev_action::pg_catalog.text as tree) t order by r.ev_class`,
    ),
    policyReads: rows(
      `p.polrelid::pg_catalog.int8, ${storedQuery(
        'p.tree',
        'p.polrelid',
        `d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = any(p.oids)`,
      )}`,
      `(select p.polrelid, pg_catalog.array_agg(p.oid) as oids, pg_catalog.string_agg(p.polqual::pg_catalog.text, ' ' order by p.polname) as tree
        from ${relations} join pg_catalog.pg_policy p on p.polrelid = c.oid and p.polcmd in ('r', '*')
        group by p.polrelid) p order by p.polrelid`,
    ),
  };
}

const kinds = `'r', 'p', 'v', 'm', 'f', 'S', 'c'`;

function keysQuery(major: number, relations: string): string {
  const nullsNotDistinct = major >= 15 ? 'i.indnullsnotdistinct' : 'false';
  return rows(
    `i.indrelid::pg_catalog.int8, x.relname, i.indisprimary, i.indkey::pg_catalog.text, i.indnkeyatts, k.oid is not null,
      not i.indimmediate, i.indpred is not null, ${nullsNotDistinct}`,
    `${relations} join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisunique and i.indisvalid
      join pg_catalog.pg_class x on x.oid = i.indexrelid
      left join pg_catalog.pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u')
      order by x.relname, x.oid`,
  );
}

/** What nobody else's session can name is nobody else's business: it comes and goes with no change for others. */
function ofTypes(oid: string, schemas: string): string {
  return `${oid} in (select t.oid from pg_type t join ${schemas} n on n.oid = t.typnamespace)`;
}

function ofRelations(oid: string, schemas: string): string {
  return `${oid} in (select c.oid from pg_class c join ${schemas} n on n.oid = c.relnamespace)`;
}

/**
 * What has a definition that can name other things: the catalog that it stands in, and its oid. Who sees it at all sees
 * these `columns` of its relation `self` (null: all; 0: the relation itself); `reads` is false where what it reads is
 * known otherwise.
 */
function definitions(schemas: string): string {
  const ofRelation = (catalog: string, relation: string, columns: string, where = 'true') =>
    `select '${catalog}'::regclass as catalog, oid, ${relation} as self, ${columns} as columns, true as reads
      from ${catalog} where ${ofRelations(relation, schemas)} and ${where}`;
  const keys = `contype in ('p', 'u', 'f', 'n')`;
  return `(${[
    ofRelation('pg_attrdef', 'adrelid', 'adnum'),
    ofRelation('pg_constraint', 'conrelid', 'null', `not ${keys}`),
    ofRelation('pg_policy', 'polrelid', 'null'),
    ofRelation('pg_trigger', 'tgrelid', '0'),
    // What a view reads is told with the view.
    `select 'pg_rewrite'::regclass, oid, ev_class, 0, ev_type <> '1' from pg_rewrite where ${ofRelations('ev_class', schemas)}`,
    `select 'pg_class'::regclass, indexrelid, indrelid, null, true from pg_index
      where ${ofRelations('indrelid', schemas)} and (indexprs is not null or indpred is not null)`,
    `select 'pg_constraint'::regclass, oid, 0, null, true from pg_constraint where contypid <> 0 and ${ofTypes('contypid', schemas)}`,
    `select 'pg_type'::regclass, t.oid, 0, null, true from pg_type t join ${schemas} n on n.oid = t.typnamespace and t.typdefault is not null`,
    `select 'pg_proc'::regclass, p.oid, 0, null, true from pg_proc p join ${schemas} n on n.oid = p.pronamespace and p.pronargdefaults > 0`,
  ].join(' union all ')})`;
}

function mentionsQuery(schemas: string): string {
  const isRelation = `d.refclassid = 'pg_class'::regclass`;
  const owner = `(select o.refobjid::int8 from pg_depend o where ${isRelation} and o.classid = 'pg_class'::regclass
    and o.objid = d.refobjid and o.refclassid = 'pg_class'::regclass and o.deptype in ('a', 'i') limit 1)`;
  return rows(
    `d.classid::int8, d.objid::int8, d.refclassid::int8, d.refobjid::int8, d.refobjsubid, ${owner}`,
    `(select distinct d.classid, d.objid, d.refclassid, d.refobjid, d.refobjsubid
        from ${definitions(schemas)} f join pg_depend d on d.classid = f.catalog and d.objid = f.oid
        where f.oid >= 16384 and d.refobjid >= 16384 and (d.refclassid in ('pg_proc'::regclass, 'pg_type'::regclass)
          or ${isRelation} and f.reads and not (d.refobjid = f.self and coalesce(d.refobjsubid = f.columns, true))
            and not exists (select from pg_index x where x.indexrelid = d.refobjid))
        order by d.classid, d.objid, d.refclassid, d.refobjid, d.refobjsubid) d`,
  );
}

/** What a sequence belongs to (serial, identity, OWNED BY), and what takes defaults from it. */
function sequenceUsersQuery(schemas: string): string {
  return rows(
    'u.sequence::int8, json_agg(distinct u.relation::int8)',
    `(select s.seqrelid as sequence, d.refobjid as relation from pg_sequence s join pg_depend d on d.classid = 'pg_class'::regclass
        and d.objid = s.seqrelid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
      union all select s.seqrelid, a.adrelid from pg_sequence s join pg_depend d on d.refclassid = 'pg_class'::regclass
        and d.refobjid = s.seqrelid and d.classid = 'pg_attrdef'::regclass join pg_attrdef a on a.oid = d.objid) u
      where ${ofRelations('u.sequence', schemas)} and ${ofRelations('u.relation', schemas)} group by u.sequence order by u.sequence`,
  );
}

function typesQuery(major: number, schemas: string): string {
  // Before 14 there was one way to subscript a type, and arrays were told by their length.
  const isArray =
    major >= 14 ? `t.typsubscript = 'array_subscript_handler'::regproc` : `t.typlen = -1 and t.typelem <> 0`;
  const multirange = major >= 14 ? 'g.rngmultitypid::int8' : '0';
  const ranges =
    `left join (select rngtypid as typid, rngsubtype as subtype, ${multirange} as counterpart from pg_range g` +
    (major >= 14 ? ` union all select rngmultitypid, rngsubtype, rngtypid::int8 from pg_range` : '') +
    `) r on r.typid = t.oid`;
  return rows(
    `t.oid::int8, n.nspname, t.typname, t.typtype, t.typcategory, t.typispreferred, t.typisdefined, t.typelem::int8,
      ${isArray}, t.typarray::int8, t.typbasetype::int8, t.typtypmod, t.typnotnull, t.typrelid::int8,
      coalesce(r.subtype, 0)::int8, coalesce(r.counterpart, 0)::int8, t.typcollation::int8`,
    `pg_type t join ${schemas} n on n.oid = t.typnamespace ${ranges} order by t.oid`,
  );
}

/** `=` of the default btree operator class (strategy 3), else of the hash one (1); `<` of the btree one. */
function typeOperatorsQuery(schemas: string): string {
  const operator = (method: string, strategy: number) =>
    `max(o.amopopr::int8) filter (where m.amname = '${method}' and o.amopstrategy = ${strategy})`;
  return rows(
    `c.opcintype::int8, coalesce(${operator('btree', 3)}, ${operator('hash', 1)}, 0), coalesce(${operator('btree', 1)}, 0)`,
    `pg_opclass c join pg_am m on m.oid = c.opcmethod and m.amname in ('btree', 'hash')
      join pg_amop o on o.amopfamily = c.opcfamily and o.amoplefttype = c.opcintype
        and o.amoprighttype = c.opcintype and o.amoppurpose = 's'
      where c.opcdefault and ${ofTypes('c.opcintype', schemas)} group by c.opcintype order by c.opcintype`,
  );
}

function functionsQuery(major: number, schemas: string): string {
  const isParsed = major >= 14 ? 'p.prosqlbody is not null' : 'false';
  return rows(
    `p.oid::int8, n.nspname, p.proname, p.prokind, pg_get_userbyid(p.proowner), p.proargtypes::text, p.proargnames,
      p.proallargtypes::int8[], p.proargmodes, p.pronargdefaults, p.provariadic::int8, p.prorettype::int8, p.proretset,
      p.provolatile, p.proleakproof, p.proisstrict, l.lanname,
      ${isParsed} or coalesce(array_to_string(p.proconfig, E'\\n') ~ '(^|\\n)search_path=', false), a.aggkind, coalesce(a.aggnumdirectargs, 0)`,
    `pg_proc p join ${schemas} n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
      left join pg_aggregate a on a.aggfnoid = p.oid order by p.oid`,
  );
}
