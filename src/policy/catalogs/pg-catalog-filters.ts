import { tellingSettings } from '../settings/settings.js';
import {
  among,
  type CatalogFilter,
  everything,
  masked,
  named,
  none,
  nothing,
  only,
  relations,
  rows,
} from './catalog-filter.js';
import { currentRole } from './catalog-predicates.js';
import { firstNormalOid } from './visible-objects.js';

/** All that is visible is the session's account's own: names of other accounts are nobody's business. */
const owned = (column: string) => ownedIf(`@oid >= ${firstNormalOid}`, column);
const ownedIf = (isUsers: string, column: string) => ({
  [column]: `CASE WHEN ${isUsers} THEN ${currentRole} ELSE @${column} END`,
});
const ownName = (isUsers: string, column: string) => ({
  [column]: `CASE WHEN ${isUsers} THEN CURRENT_USER ELSE @${column} END`,
});
const isUsersSchema = (column: string) => `@${column} NOT IN ('pg_catalog', 'information_schema')`;
const usersOnly = (column: string, otherwise = 'NULL') => ({
  [column]: `CASE WHEN @oid < ${firstNormalOid} THEN @${column} ELSE ${otherwise} END`,
});

/** Of what was counted, whose it is. */
const counted = 'relid indexrelid schemaname relname indexrelname'.split(' ');
const countedOf = 'all_tables user_tables sys_tables all_indexes user_indexes sys_indexes'.split(' ');
const counters = [
  ...countedOf.map((each) => `pg_stat_${each}`),
  ...[...countedOf, 'all_sequences', 'user_sequences', 'sys_sequences'].map((each) => `pg_statio_${each}`),
  ...['all_tables', 'user_tables', 'sys_tables'].map((each) => `pg_stat_xact_${each}`),
];
const isOfVisible = (name: string): CatalogFilter =>
  only(counted, (is) => (name.endsWith('indexes') ? is.relationOrIndex('@indexrelid') : is.relation('@relid')));

const called = 'funcid schemaname funcname'.split(' ');
const calls = ['pg_stat_user_functions', 'pg_stat_xact_user_functions'];

/** The session's own row, of the connection that it has at the moment. */
const isOwnBackend = '@pid = pg_catalog.pg_backend_pid()';
const isThisDatabase = '@datname = pg_catalog.current_database()';

/** What psql, drivers and tools read to describe a database. */
export const catalogFilters: Readonly<Record<string, CatalogFilter>> = {
  // Relations, their columns and what belongs to them.
  pg_class: rows(
    (is) => is.relationOrIndex('@oid'),
    (is) => ({
      reltuples: `CASE WHEN ${is.openOrIndex('@oid')} THEN @reltuples ELSE -1 END`,
      relpages: `CASE WHEN ${is.openOrIndex('@oid')} THEN @relpages ELSE 0 END`,
      relallvisible: `CASE WHEN ${is.openOrIndex('@oid')} THEN @relallvisible ELSE 0 END`,
      // What a part is for are values, of its own masked columns perhaps.
      relpartbound: `CASE WHEN ${is.open('@oid')} THEN @relpartbound END`,
      relallfrozen: `CASE WHEN ${is.openOrIndex('@oid')} THEN @relallfrozen ELSE 0 END`,
      relhassubclass: `@relhassubclass AND @oid IN (SELECT h.inhparent FROM pg_catalog.pg_inherits h WHERE ${is.relation('h.inhrelid')})`,
      // TOAST tables aren't visible.
      reltoastrelid: `CASE WHEN @oid < ${firstNormalOid} THEN @reltoastrelid ELSE 0 END`,
      ...owned('relowner'),
      ...none('relacl'),
    }),
  ),
  pg_attribute: rows(
    (is) => `(${is.relationOrIndex('@attrelid')} AND ${is.notHidden('@attrelid', '@attnum')})`,
    // Options say how many values there are.
    (is) => ({
      attoptions: `CASE WHEN ${is.open('@attrelid')} THEN @attoptions END`,
      ...none('attacl', 'attmissingval'),
    }),
  ),
  pg_attrdef: rows((is) => is.default('@')),
  pg_constraint: rows((is) => is.constraint('@')),
  pg_index: rows((is) => is.index('@indexrelid')),
  pg_inherits: rows((is) => `(${is.relationOrIndex('@inhrelid')} AND ${is.relationOrIndex('@inhparent')})`),
  pg_partitioned_table: rows(
    (is) => `(${is.relation('@partrelid')} AND ${is.noneHidden('@partrelid', '@partattrs')})`,
    (is) => ({ partexprs: `CASE WHEN ${is.open('@partrelid')} THEN @partexprs END` }),
  ),
  pg_sequence: rows((is) => is.relation('@seqrelid')),
  pg_trigger: rows((is) => is.trigger('@')),
  pg_rewrite: rows((is) => is.rule('@')),
  pg_policy: rows((is) => is.policy('@')),
  pg_statistic_ext: rows(
    (is) => is.open('@stxrelid'),
    () => owned('stxowner'),
  ),
  pg_foreign_table: rows(
    (is) => is.relation('@ftrelid'),
    () => none('ftoptions'),
  ),
  // Functions and types.
  pg_proc: rows(
    (is) => is.function('@oid'),
    (is) => ({
      proargdefaults: `CASE WHEN ${is.parameters('@oid')} THEN @proargdefaults END`,
      ...owned('proowner'),
      ...none('proacl'),
      ...usersOnly('proconfig'),
      ...usersOnly('prosrc', "''"),
      ...usersOnly('probin'),
      ...usersOnly('prosqlbody'),
    }),
  ),
  pg_aggregate: rows((is) => is.function('@aggfnoid::pg_catalog.oid')),
  pg_operator: rows((is) => is.function('@oprcode::pg_catalog.oid')),
  pg_cast: rows((is) => `(${is.type('@castsource')} AND ${is.type('@casttarget')} AND ${is.function('@castfunc')})`),
  pg_type: rows(
    (is) => is.type('@oid'),
    (is) => ({
      typdefault: `CASE WHEN ${is.typeDefault('@oid')} THEN @typdefault END`,
      typdefaultbin: `CASE WHEN ${is.typeDefault('@oid')} THEN @typdefaultbin END`,
      ...owned('typowner'),
      ...none('typacl'),
    }),
  ),
  pg_enum: rows((is) => is.type('@enumtypid')),
  pg_range: rows((is) => is.type('@rngtypid')),
  pg_opclass: rows(
    (is) => `(${is.type('@opcintype')} AND ${is.schema('@opcnamespace')})`,
    () => owned('opcowner'),
  ),
  pg_opfamily: rows(
    (is) => is.schema('@opfnamespace'),
    () => owned('opfowner'),
  ),
  pg_amop: rows((is) => `(${is.type('@amoplefttype')} AND ${is.type('@amoprighttype')})`),
  pg_amproc: rows(
    (is) =>
      `(${is.type('@amproclefttype')} AND ${is.type('@amprocrighttype')} AND ${is.function('@amproc::pg_catalog.oid')})`,
  ),
  pg_collation: rows(
    (is) => is.schema('@collnamespace'),
    () => owned('collowner'),
  ),
  pg_conversion: rows(
    (is) => is.function('@conproc::pg_catalog.oid'),
    () => owned('conowner'),
  ),
  pg_transform: rows((is) => is.type('@trftype')),
  pg_ts_config: rows(
    (is) => is.schema('@cfgnamespace'),
    () => owned('cfgowner'),
  ),
  pg_ts_config_map: everything,
  pg_ts_dict: rows(
    (is) => is.schema('@dictnamespace'),
    () => ({ ...owned('dictowner'), ...usersOnly('dictinitoption') }),
  ),
  pg_ts_parser: rows((is) => is.schema('@prsnamespace')),
  pg_ts_template: rows((is) => is.schema('@tmplnamespace')),
  pg_language: rows(
    () => null,
    () => ({ ...owned('lanowner'), ...none('lanacl') }),
  ),
  pg_am: everything,
  // Schemas, databases, roles.
  pg_namespace: rows(
    (is) => is.schema('@oid'),
    () => ({ ...owned('nspowner'), ...none('nspacl') }),
  ),
  pg_database: rows(
    () => isThisDatabase,
    () => ({ ...ownedIf('true', 'datdba'), ...none('datacl') }),
  ),
  pg_tablespace: rows(
    () => `@oid < ${firstNormalOid}`,
    () => none('spcacl'),
  ),
  pg_roles: rows(
    () => `(@oid < ${firstNormalOid} OR @rolname = CURRENT_USER)`,
    () => none('rolconfig'),
  ),
  pg_user: rows(
    () => '@usename = CURRENT_USER',
    () => none('useconfig'),
  ),
  pg_group: nothing,
  pg_auth_members: rows(
    (is) => `(@roleid < ${firstNormalOid} AND ${is.role('@member')})`,
    () => ownedIf('true', 'grantor'),
  ),
  // What is on record of all of them.
  pg_depend: rows(
    (is) =>
      `(${is.object('@classid', '@objid', '@objsubid')} AND ${is.object('@refclassid', '@refobjid', '@refobjsubid')})`,
  ),
  pg_description: rows((is) => `(${is.comment('@classoid', '@objoid')} AND ${is.notHidden('@objoid', '@objsubid')})`),
  pg_shdescription: rows(() => `@objoid < ${firstNormalOid}`),
  pg_shdepend: nothing,
  pg_init_privs: nothing,
  pg_default_acl: nothing,
  pg_parameter_acl: nothing,
  pg_seclabel: nothing,
  pg_seclabels: nothing,
  pg_shseclabel: nothing,
  pg_extension: rows(
    () => null,
    () => ({ ...ownedIf('true', 'extowner'), ...none('extconfig', 'extcondition') }),
  ),
  pg_event_trigger: nothing,
  // The servers of visible foreign tables, by their names.
  pg_foreign_server: rows(
    (is) => `(@oid IN (SELECT f.ftserver FROM pg_catalog.pg_foreign_table f WHERE ${is.relation('f.ftrelid')}))`,
    () => ({ ...owned('srvowner'), ...none('srvacl', 'srvoptions', 'srvtype', 'srvversion') }),
  ),
  pg_user_mapping: nothing,
  pg_user_mappings: nothing,
  pg_subscription: nothing,
  pg_subscription_rel: nothing,
  pg_db_role_setting: nothing,
  ...Object.fromEntries(counters.map((name) => [name, isOfVisible(name)])),
  ...Object.fromEntries(calls.map((name) => [name, only(called, (is) => is.function('@funcid'))])),
  pg_foreign_data_wrapper: nothing,
  pg_largeobject_metadata: nothing,
  pg_publication: nothing,
  pg_publication_namespace: nothing,
  pg_publication_rel: nothing,
  pg_publication_tables: nothing,
  pg_available_extension_versions: everything,
  pg_available_extensions: everything,
  pg_timezone_abbrevs: everything,
  pg_timezone_names: everything,
  // Views by name.
  pg_tables: rows(
    (is) => named('schemaname', 'tablename', is.relation('c.oid')),
    () => ownName(isUsersSchema('schemaname'), 'tableowner'),
  ),
  pg_views: rows(
    (is) => named('schemaname', 'viewname', is.relation('c.oid')),
    (is) => ({
      ...ownName(isUsersSchema('schemaname'), 'viewowner'),
      definition: `CASE WHEN ${named('schemaname', 'viewname', is.transparent('c.oid'))} THEN @definition END`,
    }),
  ),
  pg_matviews: rows(
    (is) => named('schemaname', 'matviewname', is.relation('c.oid')),
    (is) => ({
      ...ownName('true', 'matviewowner'),
      definition: `CASE WHEN ${named('schemaname', 'matviewname', is.transparent('c.oid'))} THEN @definition END`,
    }),
  ),
  pg_indexes: rows((is) => named('schemaname', 'indexname', is.relationOrIndex('c.oid'))),
  pg_rules: rows((is) =>
    among(
      ['schemaname', 'tablename', 'rulename'],
      `n.nspname, c.relname, r.rulename FROM ${relations} JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid WHERE ${is.rule('r.')}`,
    ),
  ),
  pg_policies: rows(
    (is) =>
      among(
        ['schemaname', 'tablename', 'policyname'],
        `n.nspname, c.relname, p.polname FROM ${relations} JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid WHERE ${is.policy('p.')}`,
      ),
    () => none('roles'),
  ),
  pg_sequences: rows(
    (is) => named('schemaname', 'sequencename', is.relation('c.oid')),
    () => ({ ...ownName('true', 'sequenceowner'), ...none('last_value') }),
  ),
};

/** What tells of other clients of a shared connection, of the server or of data but for these rows and columns. */
export const alwaysFilters: Readonly<Record<string, CatalogFilter>> = {
  pg_settings: rows(
    () => `(@name !~ '${tellingSettings}')`,
    () => none('sourcefile', 'sourceline'),
  ),
  pg_prepared_statements: rows(
    () => '@from_sql',
    () => ({ statement: "''" }),
  ),
  pg_cursors: rows(
    () => null,
    () => ({ statement: "''" }),
  ),
  pg_sequences: masked('last_value'),
  pg_foreign_server: masked('srvoptions'),
  pg_user_mapping: masked('umoptions'),
  pg_user_mappings: masked('umoptions'),
  pg_subscription: masked('subconninfo'),
  pg_subscription_rel: masked('srsublsn'),
  pg_db_role_setting: rows(
    () => null,
    () => ({
      setconfig: `ARRAY(SELECT c.setting FROM pg_catalog.unnest(@setconfig) AS c(setting) WHERE pg_catalog.split_part(c.setting, '=', 1) !~ '${tellingSettings}')`,
    }),
  ),
  ...Object.fromEntries(counters.map((name) => [name, only(counted, () => null)])),
  ...Object.fromEntries(calls.map((name) => [name, only(called, () => null)])),
  pg_stat_database: only(['datid', 'datname'], () => isThisDatabase),
  pg_stat_database_conflicts: only(['datid', 'datname'], () => isThisDatabase),
  // Whoever asks is told of itself, but for its address, which is this daemon's, and its statement as it was rewritten.
  pg_stat_activity: only(
    `datid datname pid usesysid usename application_name backend_start xact_start query_start state_change wait_event_type
      wait_event state backend_xid backend_xmin backend_type`.split(/\s+/),
    () => isOwnBackend,
  ),
  pg_stat_ssl: only('pid ssl version cipher bits compression'.split(' '), () => isOwnBackend),
  pg_stat_gssapi: only('pid gss_authenticated encrypted'.split(' '), () => isOwnBackend),
  // Predicate locks tell which rows were looked at, those that a filter takes out as well.
  pg_locks: rows(
    (is) => `(${isOwnBackend} AND @mode <> 'SIReadLock' AND (@relation IS NULL OR ${is.relationOrIndex('@relation')}))`,
  ),
  // pgAdmin counts them when it connects.
  pg_replication_slots: nothing,
};

/** What has values out of columns in it is kept back where a catalog is visible, too, from whom anything is withheld. */
export const valueFilters: Readonly<Record<string, CatalogFilter>> = {
  pg_attribute: masked('attmissingval'),
};

/** The session's own temporary relations. */
const ownTemporary = 'SELECT t.oid FROM pg_catalog.pg_class t WHERE t.relnamespace = pg_catalog.pg_my_temp_schema()';
const isOwn = (schema: string) =>
  `@${schema}::pg_catalog.name IN (SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.oid = pg_catalog.pg_my_temp_schema())`;

/** A temporary view has the policy in its definition, which is hidden where a catalog is visible, too. */
export const ownViewFilters: Readonly<Record<string, Readonly<Record<string, CatalogFilter>>>> = {
  pg_catalog: {
    pg_rewrite: rows(() => `(@ev_class NOT IN (${ownTemporary}))`),
    pg_views: rows(
      () => null,
      () => ({ definition: `CASE WHEN NOT ${isOwn('schemaname')} THEN @definition END` }),
    ),
  },
  information_schema: {
    view_column_usage: rows(() => `(NOT ${isOwn('view_schema')})`),
    view_routine_usage: rows(() => `(NOT ${isOwn('table_schema')})`),
    view_table_usage: rows(() => `(NOT ${isOwn('view_schema')})`),
    views: rows(
      () => null,
      () => ({ view_definition: `CASE WHEN NOT ${isOwn('table_schema')} THEN @view_definition END` }),
    ),
  },
};

/** The same for functions that give a definition: what an oid must be. */
export const ownViewGuards: Readonly<Record<string, (oid: string) => string>> = {
  pg_get_viewdef: (oid) => `${oid} NOT IN (${ownTemporary})`,
  pg_get_ruledef: (oid) =>
    `${oid} NOT IN (SELECT r.oid FROM pg_catalog.pg_rewrite r WHERE r.ev_class IN (${ownTemporary}))`,
};
