// Written by scripts/builtin-names.mjs from the servers themselves. Not edited by hand, and as long as the lists are.

/** Words that name nothing unless quoted (pg_get_keywords: R). */
export const reservedWords: ReadonlySet<string> = new Set(
  `
  all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
  current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc
  distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral
  leading limit localtime localtimestamp not null offset on only or order placing primary references returning select
  session_user some symmetric system_user table then to trailing true union unique user using variadic when where
  window with
`
    .trim()
    .split(/\s+/),
);

/** Words that name columns and tables but no functions or types (C). */
export const columnNameWords: ReadonlySet<string> = new Set(
  `
  between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int
  integer interval json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
  json_serialize json_table json_value least merge_action national nchar none normalize nullif numeric out overlay
  position precision real row setof smallint substring time timestamp treat trim values varchar xmlattributes
  xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
`
    .trim()
    .split(/\s+/),
);

/** Words that name functions and types but no columns or tables (T). */
export const typeOrFunctionNameWords: ReadonlySet<string> = new Set(
  `
  authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like
  natural notnull outer overlaps right similar tablesample verbose
`
    .trim()
    .split(/\s+/),
);
