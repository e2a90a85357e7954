import { isTemporary } from './queries.js';
import { type Fields, listOf, nodeOf, structOf, textOf } from './tree.js';
import type { NodeHandler, Walk } from './walk.js';

/** Never allowed under a policy: who may do what, other servers, files, code that the server loads, databases. */
const forbiddenStatements: Readonly<Record<string, string>> = {
  AlterDatabaseRefreshCollStmt: 'ALTER DATABASE',
  AlterDatabaseSetStmt: 'ALTER DATABASE',
  AlterDatabaseStmt: 'ALTER DATABASE',
  AlterDefaultPrivilegesStmt: 'ALTER DEFAULT PRIVILEGES',
  AlterEventTrigStmt: 'ALTER EVENT TRIGGER',
  AlterExtensionContentsStmt: 'ALTER EXTENSION',
  AlterExtensionStmt: 'ALTER EXTENSION',
  AlterFdwStmt: 'ALTER FOREIGN DATA WRAPPER',
  AlterForeignServerStmt: 'ALTER SERVER',
  AlterObjectDependsStmt: 'ALTER ... DEPENDS ON EXTENSION',
  AlterPublicationStmt: 'ALTER PUBLICATION',
  AlterRoleSetStmt: 'ALTER ROLE',
  AlterRoleStmt: 'ALTER ROLE',
  AlterSubscriptionStmt: 'ALTER SUBSCRIPTION',
  AlterSystemStmt: 'ALTER SYSTEM',
  AlterTableMoveAllStmt: 'ALTER TABLE ALL IN TABLESPACE',
  AlterTableSpaceOptionsStmt: 'ALTER TABLESPACE',
  AlterUserMappingStmt: 'ALTER USER MAPPING',
  CheckPointStmt: 'CHECKPOINT',
  CreateAmStmt: 'CREATE ACCESS METHOD',
  CreateEventTrigStmt: 'CREATE EVENT TRIGGER',
  CreateExtensionStmt: 'CREATE EXTENSION',
  CreateFdwStmt: 'CREATE FOREIGN DATA WRAPPER',
  CreateForeignServerStmt: 'CREATE SERVER',
  CreateForeignTableStmt: 'CREATE FOREIGN TABLE',
  CreatePLangStmt: 'CREATE LANGUAGE',
  CreatePublicationStmt: 'CREATE PUBLICATION',
  CreateRoleStmt: 'CREATE ROLE',
  CreateSubscriptionStmt: 'CREATE SUBSCRIPTION',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  CreateTransformStmt: 'CREATE TRANSFORM',
  CreateUserMappingStmt: 'CREATE USER MAPPING',
  CreatedbStmt: 'CREATE DATABASE',
  DropOwnedStmt: 'DROP OWNED',
  DropRoleStmt: 'DROP ROLE',
  DropSubscriptionStmt: 'DROP SUBSCRIPTION',
  DropTableSpaceStmt: 'DROP TABLESPACE',
  DropUserMappingStmt: 'DROP USER MAPPING',
  DropdbStmt: 'DROP DATABASE',
  GrantRoleStmt: 'GRANT or REVOKE',
  GrantStmt: 'GRANT or REVOKE',
  ImportForeignSchemaStmt: 'IMPORT FOREIGN SCHEMA',
  LoadStmt: 'LOAD',
  ReassignOwnedStmt: 'REASSIGN OWNED',
  SecLabelStmt: 'SECURITY LABEL',
};

/** Definitions that are ddl whatever they say. The queries in them are walked. */
export const ddlStatements: readonly string[] =
  `AlterCollationStmt AlterDomainStmt AlterEnumStmt AlterFunctionStmt AlterOpFamilyStmt
  AlterOperatorStmt AlterPolicyStmt AlterStatsStmt AlterTSConfigurationStmt AlterTSDictionaryStmt AlterTypeStmt
  ClusterStmt CompositeTypeStmt CreateCastStmt CreateConversionStmt CreateDomainStmt CreateEnumStmt CreateFunctionStmt
  CreateOpClassStmt CreateOpFamilyStmt CreatePolicyStmt CreateRangeStmt CreateSchemaStmt CreateStatsStmt CreateTrigStmt
  DefineStmt RefreshMatViewStmt ReindexStmt RuleStmt`.split(/\s+/);

/** Definitions that are harmless in the session's own temporary schema: the field that says where they are. */
const placedStatements: Readonly<Record<string, string>> = {
  AlterSeqStmt: 'sequence',
  CreateSeqStmt: 'sequence',
  CreateStmt: 'relation',
  IndexStmt: 'relation',
  ViewStmt: 'view',
};

export const definitionHandlers: Readonly<Record<string, NodeHandler>> = {
  ...Object.fromEntries(
    Object.entries(forbiddenStatements).map(([kind, what]): [string, NodeHandler] => [
      kind,
      (walk) => {
        walk.forbidden ??= what;
      },
    ]),
  ),
  ...Object.fromEntries(ddlStatements.map((kind) => [kind, definition(kind, () => false)])),
  ...Object.fromEntries(
    Object.entries(placedStatements).map(([kind, field]) => [
      kind,
      definition(kind, (fields) => isTemporary(fields[field]) && !isAttached(fields)),
    ]),
  ),
  CreateFunctionStmt: (walk, fields) => {
    if (languageOf(fields) === 'c') walk.forbidden ??= 'CREATE FUNCTION in C';
    else define(walk, 'CreateFunctionStmt', fields, false);
  },
  AlterTableStmt: definition('AlterTableStmt', (fields) => isTemporary(fields.relation) && altersItselfOnly(fields)),
  AlterObjectSchemaStmt: ofTypes('AlterObjectSchemaStmt', 'objectType', 'ALTER ... SET SCHEMA', () => false),
  AlterOwnerStmt: ofTypes('AlterOwnerStmt', 'objectType', 'ALTER ... OWNER', () => false),
  CommentStmt: ofTypes('CommentStmt', 'objtype', 'COMMENT', () => false),
  RenameStmt: ofTypes('RenameStmt', 'renameType', 'ALTER ... RENAME', (fields) => isTemporary(fields.relation)),
  DropStmt: ofTypes('DropStmt', 'removeType', 'DROP', (fields) => listOf(fields.objects).every(isTemporaryName)),
};

function definition(kind: string, isTemp: (fields: Fields) => boolean): NodeHandler {
  return (walk, fields) => define(walk, kind, fields, isTemp(fields));
}

function define(walk: Walk, kind: string, fields: Fields, isTemp: boolean): void {
  walk.kinds.add(isTemp ? 'temp' : 'ddl');
  // LANGUAGE 'c'
  walk.hangsOnLiterals = true;
  const wasInDefinition = walk.isInDefinition;
  walk.isInDefinition = true;
  walk.visitFields(kind, fields);
  walk.isInDefinition = wasInDefinition;
}

/** What a schema holds; roles, databases, extensions and other servers are nobody's under a policy. */
const schemaObjects = new Set(
  `AGGREGATE ATTRIBUTE CAST COLLATION COLUMN CONVERSION DEFAULT DOMAIN DOMCONSTRAINT FUNCTION INDEX MATVIEW OPCLASS
  OPERATOR OPFAMILY POLICY PROCEDURE ROUTINE RULE SCHEMA SEQUENCE STATISTIC_EXT TABCONSTRAINT TABLE TRIGGER TSCONFIGURATION
  TSDICTIONARY TSPARSER TSTEMPLATE TYPE VIEW`
    .split(/\s+/)
    .map((name) => `OBJECT_${name}`),
);

function ofTypes(kind: string, typeField: string, what: string, isTemp: (fields: Fields) => boolean): NodeHandler {
  return (walk, fields) => {
    if (schemaObjects.has(textOf(fields[typeField]))) define(walk, kind, fields, isTemp(fields));
    else
      walk.forbidden ??= `${what} of a ${textOf(fields[typeField]).replace('OBJECT_', '').toLowerCase().replaceAll('_', ' ')}`;
  };
}

/** Of a function; '' where none is named. */
function languageOf(fields: Fields): string {
  const options = listOf(fields.options).map((item) => nodeOf(item)?.fields ?? {});
  const language = options.find(({ defname }) => defname === 'language');
  return textOf(nodeOf(language?.arg)?.fields.sval).toLowerCase();
}

/** A name written pg_temp.x. */
function isTemporaryName(value: unknown): boolean {
  const list = nodeOf(value);
  if (list?.kind !== 'List') return false;
  const parts = listOf(list.fields.items);
  return parts.length === 2 && nodeOf(parts[0])?.fields.sval === 'pg_temp';
}

/** INHERITS, PARTITION OF: part of another table. */
function isAttached(fields: Fields): boolean {
  return fields.inhRelations !== undefined || fields.partbound !== undefined;
}

/** Of ALTER TABLE, what touches no other relation and nobody's rights. */
const ownChanges = new Set(
  `AddColumn ColumnDefault DropNotNull SetNotNull DropColumn AlterColumnType DropConstraint SetStatistics`
    .split(' ')
    .map((name) => `AT_${name}`),
);

function altersItselfOnly(fields: Fields): boolean {
  return listOf(fields.cmds).every((item) => {
    const command = nodeOf(item);
    return (
      command?.kind === 'AlterTableCmd' &&
      ownChanges.has(textOf(command.fields.subtype)) &&
      structOf(command.fields.newowner) === null
    );
  });
}
