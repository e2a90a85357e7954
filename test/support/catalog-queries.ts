/** What tools ask of the catalog: in the forms that they are known to send, not their very texts. */
export const catalogQueries: Readonly<Record<string, readonly string[]>> = {
  'the JDBC driver': [
    `SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME, CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema'
      WHEN true THEN 'SYSTEM' WHEN false THEN CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW'
      WHEN 'i' THEN 'INDEX' WHEN 'S' THEN 'SEQUENCE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END ELSE NULL END AS TABLE_TYPE,
      d.description AS REMARKS FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
      LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass)
      WHERE c.relnamespace = n.oid AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY TABLE_TYPE, TABLE_SCHEM, TABLE_NAME`,
    `SELECT * FROM (SELECT n.nspname,c.relname,a.attname,a.atttypid,a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull,
      a.atttypmod,a.attlen,t.typtypmod,row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') as attidentity,
      pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,dsc.description,t.typbasetype,t.typtype FROM pg_catalog.pg_namespace n
      JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid)
      JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum)
      LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
      LEFT JOIN pg_catalog.pg_class dc ON (dc.oid=dsc.classoid AND dc.relname='pg_class')
      LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace=dn.oid AND dn.nspname='pg_catalog')
      WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped AND n.nspname LIKE 'public') c WHERE true
      ORDER BY nspname, c.relname, attnum`,
    `SELECT result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME FROM (SELECT n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME,
      a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME,
      information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM, i.indkey AS KEYS2 FROM pg_catalog.pg_class ct
      JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
      JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE n.nspname = 'public' AND i.indisprimary) result
      where result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_name, result.pk_name, result.key_seq`,
    `SELECT pkn.nspname, pkc.relname, pka.attname, fkc.relname, fka.attname, pos.n, con.conname, pkic.relname, con.confupdtype
      FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc,
      pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n), pg_catalog.pg_class pkic
      WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid
      AND fkn.oid = fkc.relnamespace AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid
      AND con.contype = 'f' AND pkic.relkind IN ('i', 'I') AND con.conindid = pkic.oid ORDER BY 1, 2, 4, 6`,
    `SELECT n.nspname AS PROCEDURE_SCHEM, p.proname AS PROCEDURE_NAME, d.description AS REMARKS, p.proname || '_' || p.oid AS SPECIFIC_NAME
      FROM pg_catalog.pg_namespace n, pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_description d ON (p.oid=d.objoid)
      WHERE p.pronamespace=n.oid AND n.nspname !~ '^pg_|information' ORDER BY 1, 2`,
  ],
  'an introspector that asks what has changed': [
    `select n.oid::bigint as id, n.xmin is not null as state, n.nspname as name, pg_catalog.pg_get_userbyid(n.nspowner) as owner,
      d.description from pg_catalog.pg_namespace n left join pg_catalog.pg_description d on d.objoid = n.oid
      where n.nspname in ('public', 'shop') order by case when n.nspname = pg_catalog.current_schema() then -1::bigint else n.oid::bigint end`,
    `select t.relkind, t.relname, t.xmin::varchar::bigint > 0 as state, t.relpersistence, pg_catalog.pg_get_partkeydef(t.oid) as key,
      (select pg_catalog.array_agg(i.inhparent::bigint order by i.inhseqno)::varchar from pg_catalog.pg_inherits i where i.inhrelid = t.oid) as parents
      from pg_catalog.pg_class t where t.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = 'public')
      and t.relkind in ('r', 'm', 'v', 'f', 'p') and pg_catalog.age(t.xmin) <= coalesce(nullif(greatest(pg_catalog.age('3'::varchar::xid), -1), -1), 2147483647)
      order by 1, 2`,
    `select c.relname, a.attname, a.xmin is null as isnt_there, a.atttypmod from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
      where a.attnum > 0 and not a.attisdropped and c.relnamespace = 'public'::regnamespace order by c.relname, a.attnum`,
    `select case when pg_catalog.pg_is_in_recovery() then null else (pg_catalog.txid_current() % 4294967296)::varchar::bigint > 0 end as now_at`,
  ],
  SQLAlchemy: [
    `SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
      WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_class.relpersistence != 't'
      AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog' order by 1`,
    `SELECT pg_catalog.pg_attribute.attname AS name, pg_catalog.format_type(pg_catalog.pg_attribute.atttypid, pg_catalog.pg_attribute.atttypmod) AS format_type,
      (SELECT pg_catalog.pg_get_expr(pg_catalog.pg_attrdef.adbin, pg_catalog.pg_attrdef.adrelid) AS pg_get_expr_1 FROM pg_catalog.pg_attrdef
      WHERE pg_catalog.pg_attrdef.adrelid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attrdef.adnum = pg_catalog.pg_attribute.attnum
      AND pg_catalog.pg_attribute.atthasdef) AS "default", pg_catalog.pg_attribute.attnotnull AS not_null, pg_catalog.pg_class.relname AS table_name,
      pg_catalog.pg_description.description AS comment FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_attribute
      ON pg_catalog.pg_class.oid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attribute.attnum > 0 AND NOT pg_catalog.pg_attribute.attisdropped
      LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_attribute.attrelid
      AND pg_catalog.pg_description.objsubid = pg_catalog.pg_attribute.attnum JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
      WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f']) AND pg_catalog.pg_namespace.nspname = 'public' ORDER BY pg_catalog.pg_class.relname, pg_catalog.pg_attribute.attnum`,
    `SELECT c.relname, i.relname, ix.indisunique, pg_catalog.pg_get_indexdef(ix.indexrelid, 0, true), (SELECT string_agg(a.attname, ',' ORDER BY k.ord)
      FROM unnest(ix.indkey) WITH ORDINALITY AS k(attnum, ord) JOIN pg_catalog.pg_attribute a ON a.attrelid = ix.indrelid AND a.attnum = k.attnum)
      FROM pg_catalog.pg_index ix JOIN pg_catalog.pg_class i ON i.oid = ix.indexrelid JOIN pg_catalog.pg_class c ON c.oid = ix.indrelid
      WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, 2`,
    `SELECT c.relname, con.conname, pg_catalog.pg_get_constraintdef(con.oid, true), con.contype FROM pg_catalog.pg_class c JOIN pg_catalog.pg_constraint con
      ON con.conrelid = c.oid WHERE c.relkind = ANY (ARRAY['r', 'p']) ORDER BY 1, 2`,
    `SELECT t.typname, pg_catalog.pg_type_is_visible(t.oid), n.nspname, (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
      WHERE e.enumtypid = t.oid) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' ORDER BY 1`,
  ],
  Npgsql: [
    `SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM (SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid,
      typ.typnotnull, typ.relkind, elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
      FROM (SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS typelemoid, typtypmod, typinput, typreceive,
      CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
      LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)) AS typ
      LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = typ.typelemoid LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive) AS t
      JOIN pg_namespace AS ns ON (ns.oid = t.typnamespace) WHERE (typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind = 'c')) AND ns.nspname <> 'pg_catalog' and ns.nspname <> 'information_schema'
      ORDER BY 1, 3`,
    `SELECT pg_type.typname, att.attname, att.atttypid FROM pg_type JOIN pg_namespace AS ns ON (ns.oid = typnamespace) JOIN pg_class AS cls ON (cls.oid = typrelid)
      JOIN pg_attribute AS att ON (att.attrelid = typrelid) WHERE typtype = 'c' AND cls.relkind='c' AND attnum > 0 AND NOT attisdropped ORDER BY pg_type.typname, att.attnum`,
    `SELECT typname, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid ORDER BY typname, enumsortorder`,
  ],
  'Prisma and Drizzle': [
    `SELECT tbl.relname AS table_name, namespace.nspname as namespace, (tbl.relhassubclass and tbl.relkind = 'p') as is_partition, obj_description(tbl.oid, 'pg_class') AS description
      FROM pg_class AS tbl INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace WHERE tbl.relkind IN ('r','p') AND namespace.nspname = 'public' ORDER BY 1`,
    `SELECT oid.namespace, info.table_name, info.column_name, format_type(att.atttypid, att.atttypmod) as formatted_type, info.numeric_precision, info.is_nullable,
      pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default, info.is_identity FROM information_schema.columns info
      JOIN pg_attribute att ON att.attname = info.column_name JOIN (SELECT pg_class.oid, relname, pg_namespace.nspname as namespace FROM pg_class
      JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace) as oid on oid.oid = att.attrelid AND relname = info.table_name AND namespace = info.table_schema
      LEFT JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum AND table_schema = namespace
      WHERE table_schema = 'public' ORDER BY 1, 2, ordinal_position`,
    `SELECT con.conname, cl.relname, att.attname, ref.relname FROM pg_constraint con JOIN pg_class cl ON cl.oid = con.conrelid JOIN pg_class ref ON ref.oid = con.confrelid
      JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1] WHERE con.contype = 'f' ORDER BY 1`,
    `select s.nspname, c.relname, c.relkind, c.relrowsecurity from pg_catalog.pg_class c join pg_catalog.pg_namespace s on s.oid = c.relnamespace
      where c.relkind in ('r','v','m') and s.nspname not like 'pg_%' and s.nspname <> 'information_schema' order by 1, 2`,
    `SELECT table_name, column_name, column_default, is_generated, generation_expression FROM information_schema.columns WHERE table_schema IN ('public', 'shop') ORDER BY 1, 2`,
    `SELECT regexp_replace(specific_name, '[0-9]+$', ''), parameter_name, parameter_default FROM information_schema.parameters WHERE specific_schema = 'shop' ORDER BY 1, 2`,
    `SELECT schemaname, tablename, pg_total_relation_size(quote_ident(schemaname) || '.' || quote_ident(tablename)) IS NOT NULL AS size FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1, 2`,
    `SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1`,
    `select sequencename, start_value, increment_by from pg_sequences order by 1`,
    `SELECT c.conname AS constraint_name, c.conrelid::regclass AS table_name, a.attname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
      WHERE c.contype = 'p' ORDER BY 1, 3`,
  ],
  'Metabase and DBeaver': [
    `SELECT n.nspname AS schema, c.relname AS name, CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' END AS type, d.description AS description, stat.n IS NULL AS rows
      FROM pg_catalog.pg_class AS c INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid LEFT JOIN pg_catalog.pg_description AS d ON c.oid = d.objoid AND d.objsubid = 0
      LEFT JOIN (select oid, reltuples as n from pg_class) stat ON stat.oid = c.oid
      WHERE c.relnamespace = n.oid AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind in ('r', 'p', 'v', 'f', 'm') ORDER BY 1, 2`,
    `SELECT c.column_name AS name, c.udt_name, c.ordinal_position - 1 AS position, c.table_schema, c.table_name, pk.column_name IS NOT NULL AS is_pk FROM information_schema.columns AS c
      LEFT JOIN (SELECT tc.table_schema, tc.table_name, kc.column_name FROM information_schema.table_constraints AS tc INNER JOIN information_schema.key_column_usage AS kc
      ON tc.constraint_name = kc.constraint_name AND tc.table_schema = kc.table_schema AND tc.table_name = kc.table_name WHERE tc.constraint_type = 'PRIMARY KEY') AS pk
      ON c.table_schema = pk.table_schema AND c.table_name = pk.table_name AND c.column_name = pk.column_name
      WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' ORDER BY table_schema, table_name, position`,
    `SELECT c.relname, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key
      FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
      WHERE c.relkind not in ('i','I','c') AND c.relnamespace='public'::regnamespace ORDER BY 1`,
    `SELECT c.relname,a.attname,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description FROM pg_catalog.pg_attribute a
      INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
      LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) WHERE NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace
      AND a.attnum > 0 ORDER BY 1, a.attnum`,
    `SELECT p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid), l.lanname FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'shop'::regnamespace ORDER BY 1`,
    `SELECT nspname, pg_catalog.pg_get_userbyid(nspowner), pg_catalog.obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1`,
    `SELECT relname, pg_total_relation_size(oid), pg_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'shop'::regnamespace ORDER BY 1`,
  ],
};

/** What tools ask that is about more than the objects of a database: it runs, whatever is withheld in the answer. */
export const askedBesides: readonly string[] = [
  "SELECT current_setting('jit') AS before, set_config('jit', 'off', false) AS now",
  "SELECT a.attname FROM pg_attribute a WHERE a.atttypid = ANY ('{int,int8,int2}'::regtype[])",
  `SELECT proname, array_to_string(COALESCE(proallargtypes::regtype[], proargtypes::regtype[]), ',') FROM pg_proc WHERE pronamespace = 'shop'::regnamespace`,
  `SELECT s.relname, d.objsubid, d.description FROM pg_catalog.pg_statio_all_tables s JOIN pg_catalog.pg_description d ON d.objoid = s.relid WHERE s.schemaname = 'public'`,
  `SELECT i.indexrelname, i.relname, i.schemaname, i.idx_scan FROM pg_stat_user_indexes i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid`,
  `SELECT pg_describe_object(classid, objid, 0) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' ORDER BY 1`,
  'SELECT s.name, current_setting(s.name), s.vartype FROM pg_settings s WHERE s.setting IS DISTINCT FROM s.boot_val ORDER BY 1',
  `SELECT c.relname, t.tables, t.size FROM pg_class c, LATERAL (SELECT count(*) AS tables, sum(pg_table_size(p.relid)) AS size FROM pg_partition_tree(c.oid) p) t WHERE c.relkind IN ('p', 'I')`,
  'SELECT relname, n_live_tup, last_vacuum FROM pg_stat_user_tables ORDER BY 1',
  `SELECT s.srvname, s.srvoptions, f.fdwname FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw`,
  'SELECT umid, srvname, usename, umoptions FROM pg_user_mappings',
  'SELECT oid, umuser, umserver, umoptions FROM pg_user_mapping',
  'SELECT subname, subenabled, subconninfo FROM pg_subscription',
  'SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting',
  'SELECT schemaname, sequencename, last_value FROM pg_sequences',
  `SELECT datname, pg_size_pretty(pg_database_size(oid)), pg_database_size(datname), pg_database_size('postgres') FROM pg_database`,
  'SELECT spcname, pg_tablespace_location(oid), pg_tablespace_size(oid) FROM pg_tablespace',
  "SELECT relname, pg_table_size(oid), pg_total_relation_size(oid::regclass) FROM pg_class WHERE relkind = 'r'",
  'SELECT i.indexrelid, pg_stat_get_numscans(i.indexrelid), pg_stat_get_live_tuples(i.indrelid) FROM pg_index i',
  `SELECT c.relname, COALESCE(pg_sequence_last_value(c.oid::regclass) + s.seqincrement, s.seqstart) FROM pg_class c JOIN pg_sequence s ON c.oid = s.seqrelid`,
  'SELECT funcname, calls, total_time FROM pg_stat_user_functions',
  'SELECT datname, numbackends, xact_commit, tup_returned, pg_database_size(datid) FROM pg_stat_database',
  'SELECT sa.* FROM pg_stat_activity sa',
  'SELECT pid, locktype, relation::regclass, transactionid, mode, granted FROM pg_locks',
  'SELECT transactionid::varchar::bigint FROM pg_locks WHERE transactionid IS NOT NULL ORDER BY age(transactionid) DESC LIMIT 1',
  'SELECT gss_authenticated, encrypted, ssl FROM pg_stat_gssapi JOIN pg_stat_ssl USING (pid) WHERE pid = pg_backend_pid()',
  'SELECT CASE WHEN (SELECT count(*) FROM pg_replication_slots) > 0 THEN 1 END, pg_is_in_recovery() AND pg_is_wal_replay_paused()',
  'SELECT pg_advisory_unlock_all()',
  'SELECT t.oid, t.xmin, t.tgname, t.*, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal',
  'SELECT xmin, * FROM pg_namespace',
  "SELECT set_config('bytea_output', 'hex', false) FROM pg_show_all_settings() WHERE name = 'bytea_output'",
  "SELECT name, s.vartype, pg_catalog.current_setting('jit') FROM pg_catalog.pg_show_all_settings() s JOIN pg_show_all_settings() USING (name)",
];

/** Commands of psql that describe. */
export const describingCommands: readonly string[] = [
  '\\d',
  '\\d people',
  '\\d orders',
  '\\d+ orders',
  '\\d glad',
  '\\d+ glad',
  '\\d days',
  '\\d+ sums',
  '\\d shop.numbers',
  '\\d orders_total',
  '\\d zq_schema.zq_table',
  '\\dt shop.*',
  '\\dt+',
  '\\dv+',
  '\\dm+',
  '\\di+',
  '\\ds shop.*',
  '\\df shop.*',
  '\\da public.*',
  '\\dn',
  '\\dT+ shop.*',
  '\\dD shop.*',
  '\\dp',
  '\\dx',
  '\\dd',
  '\\do public.*',
  '\\dP',
  '\\dC shop.*',
  '\\dF public.*',
  '\\dRp',
  '\\dy',
  '\\ddp',
  '\\sv glad',
];
