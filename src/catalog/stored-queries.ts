// What a query or condition that the server keeps as a parsed tree (pg_node_tree) reads and calls. pg_depend would tell
// it for objects of the user's, but keeps no record of PostgreSQL's own. The tree's text has each oid behind the name
// of its field and a space; a space in a name of the user's has a backslash before it, so that none can look like one.

/** Fields that hold the function of a call, an operator, an aggregate, a window function or a sampling method. */
const callFields = ['funcid', 'opfuncid', 'aggfnoid', 'winfnoid', 'tsmhandler'];

/**
 * The columns of a StoredQuery fact in the order of src/sql/catalog/parse-relations.ts, but for the first.
 * @param tree a text with one or more trees
 * @param self the relation that they belong to, which doesn't count as read
 * @param dependents a condition on `d`, a row of pg_depend: it is about what the trees belong to
 */
export function storedQuery(tree: string, self: string, dependents: string): string {
  const relations = `select oid from (${oidsBehind(tree, 'relid')}) as inner_oids where oid <> ${self}::pg_catalog.int8`;
  // Operators that only sort or group are known by their own oid: those of PostgreSQL do no harm.
  const sorting = `select o.oprcode::pg_catalog.oid::pg_catalog.int8 from pg_catalog.pg_depend d join pg_catalog.pg_operator o on o.oid = d.refobjid
    where d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass and ${dependents}`;
  return `${listed(relations)}, ${listed(`${callsIn(tree)} union all ${sorting}`)},
    pg_catalog.strpos(${tree}, '{ROWMARKCLAUSE ') > 0, pg_catalog.strpos(${tree}, '{COERCETODOMAIN ') > 0`;
}

/** A JSON array of what a query gives in its column `oid`, each once and in order; null for none. */
export function listed(oids: string): string {
  return `(select pg_catalog.json_agg(distinct oid) from (${oids}) as found_oids where oid <> 0)`;
}

/** A query for the functions that a tree calls. */
export function callsIn(tree: string): string {
  const [first = '', ...others] = callFields;
  const unified = others.reduce((text, field) => `pg_catalog.replace(${text}, ':${field} ', ':${first} ')`, tree);
  return oidsBehind(unified, first);
}

/**
 * A JSON array of the columns that a query gives and that are no column of what it reads; null for none. Those of its
 * sub-selects are counted among them, by their numbers.
 */
export function computedColumns(tree: string): string {
  const entry = String.raw`:resno ([0-9]+) :resname (?:[^ \\\\]|\\\\.)+ :ressortgroupref [0-9]+ :resorigtbl 0 `;
  return `(select pg_catalog.json_agg(distinct found[1]::pg_catalog.int8)
    from pg_catalog.regexp_matches(${tree}, E'${entry}', 'g') as entries(found))`;
}

function oidsBehind(tree: string, field: string): string {
  return `select pg_catalog.split_part(pg_catalog."left"(piece, 11), ' ', 1)::pg_catalog.int8 as oid
    from pg_catalog.unnest((pg_catalog.string_to_array(${tree}, ':${field} '))[2:]) as pieces(piece)`;
}
