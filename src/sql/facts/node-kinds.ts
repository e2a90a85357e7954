// PostgreSQL's parse nodes (src/include/nodes/parsenodes.h, primnodes.h) as far as its grammar makes them. A kind that is
// in no list here and has no handler is unknown, and its statement is never allowed under a policy.

/** Nothing in them is looked at. */
export const leafKinds: ReadonlySet<string> = new Set(
  `A_Const A_Star Alias BitString Boolean Float Integer MergeSupportFunc ParamRef RoleSpec SetToDefault SQLValueFunction
  String`.split(/\s+/),
);

/** Looked through: what counts is what stands in them. */
export const branchKinds: ReadonlySet<string> = new Set(
  `A_ArrayExpr A_Indices A_Indirection AlterTableCmd ATAlterConstraint BoolExpr BooleanTest CaseExpr CaseWhen
  CoalesceExpr CollateClause ColumnDef Constraint CreateOpClassItem CTECycleClause CTESearchClause DefElem
  FunctionParameter GroupingFunc GroupingSet IndexElem InferClause JsonAggConstructor JsonArgument
  JsonArrayQueryConstructor JsonBehavior JsonFormat JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor
  JsonOutput JsonReturning JsonTableColumn JsonTablePathSpec JsonValueExpr List MergeWhenClause MinMaxExpr
  MultiAssignRef NamedArgExpr NullTest ObjectWithArgs OnConflictClause PartitionBoundSpec PartitionCmd PartitionElem
  PartitionRangeDatum PartitionSpec RangeFunction RangeTableFunc RangeTableFuncCol ReplicaIdentityStmt ResTarget
  ReturningClause ReturningOption ReturnStmt RowExpr StatsElem TableLikeClause TriggerTransition TypeCast TypeName
  WindowDef XmlExpr XmlSerialize`.split(/\s+/),
);

/**
 * Fields that hold a node of one fixed kind, which the tree gives without naming it. A field that is missing here reads
 * as a node of no known kind.
 */
const fixedFields: Readonly<Record<string, string>> = {
  A_Const: 'ival:Integer fval:Float boolval:Boolean sval:String bsval:BitString',
  AlterFunctionStmt: 'func:ObjectWithArgs',
  AlterObjectSchemaStmt: 'relation:RangeVar',
  AlterOperatorStmt: 'opername:ObjectWithArgs',
  AlterOwnerStmt: 'relation:RangeVar newowner:RoleSpec',
  AlterPolicyStmt: 'table:RangeVar',
  AlterSeqStmt: 'sequence:RangeVar',
  AlterTableCmd: 'newowner:RoleSpec',
  AlterTableStmt: 'relation:RangeVar',
  CallStmt: 'funccall:FuncCall',
  ClusterStmt: 'relation:RangeVar',
  ColumnDef: 'typeName:TypeName identitySequence:RangeVar collClause:CollateClause',
  CommonTableExpr: 'search_clause:CTESearchClause cycle_clause:CTECycleClause',
  CompositeTypeStmt: 'typevar:RangeVar',
  Constraint: 'pktable:RangeVar',
  CreateCastStmt: 'sourcetype:TypeName targettype:TypeName func:ObjectWithArgs',
  CreateDomainStmt: 'typeName:TypeName collClause:CollateClause',
  CreateFunctionStmt: 'returnType:TypeName',
  CreateOpClassItem: 'name:ObjectWithArgs storedtype:TypeName',
  CreateOpClassStmt: 'datatype:TypeName',
  CreatePolicyStmt: 'table:RangeVar',
  CreateSchemaStmt: 'authrole:RoleSpec',
  CreateSeqStmt: 'sequence:RangeVar',
  CreateStmt: 'relation:RangeVar partbound:PartitionBoundSpec partspec:PartitionSpec ofTypename:TypeName',
  CreateTrigStmt: 'relation:RangeVar constrrel:RangeVar',
  FuncCall: 'over:WindowDef',
  FunctionParameter: 'argType:TypeName',
  IndexStmt: 'relation:RangeVar',
  JoinExpr: 'join_using_alias:Alias alias:Alias',
  JsonAggConstructor: 'output:JsonOutput over:WindowDef',
  JsonArgument: 'val:JsonValueExpr',
  JsonArrayAgg: 'constructor:JsonAggConstructor arg:JsonValueExpr',
  JsonArrayConstructor: 'output:JsonOutput',
  JsonArrayQueryConstructor: 'output:JsonOutput format:JsonFormat',
  JsonFuncExpr: 'context_item:JsonValueExpr output:JsonOutput on_empty:JsonBehavior on_error:JsonBehavior',
  JsonIsPredicate: 'format:JsonFormat',
  JsonKeyValue: 'value:JsonValueExpr',
  JsonObjectAgg: 'constructor:JsonAggConstructor arg:JsonKeyValue',
  JsonObjectConstructor: 'output:JsonOutput',
  JsonOutput: 'typeName:TypeName returning:JsonReturning',
  JsonParseExpr: 'expr:JsonValueExpr output:JsonOutput',
  JsonReturning: 'format:JsonFormat',
  JsonScalarExpr: 'output:JsonOutput',
  JsonSerializeExpr: 'expr:JsonValueExpr output:JsonOutput',
  JsonTable: 'context_item:JsonValueExpr pathspec:JsonTablePathSpec on_error:JsonBehavior alias:Alias',
  JsonTableColumn:
    'typeName:TypeName pathspec:JsonTablePathSpec format:JsonFormat on_empty:JsonBehavior on_error:JsonBehavior',
  JsonValueExpr: 'format:JsonFormat',
  OnConflictClause: 'infer:InferClause',
  PartitionCmd: 'name:RangeVar bound:PartitionBoundSpec',
  RangeFunction: 'alias:Alias',
  RangeTableFunc: 'alias:Alias',
  RangeTableFuncCol: 'typeName:TypeName',
  RangeVar: 'alias:Alias',
  RefreshMatViewStmt: 'relation:RangeVar',
  ReindexStmt: 'relation:RangeVar',
  RenameStmt: 'relation:RangeVar',
  RuleStmt: 'relation:RangeVar',
  TableLikeClause: 'relation:RangeVar',
  TypeCast: 'typeName:TypeName',
  ViewStmt: 'view:RangeVar',
  XmlSerialize: 'typeName:TypeName',
};

const fixedKinds: ReadonlyMap<string, string> = new Map(
  Object.entries(fixedFields).flatMap(([kind, fields]) =>
    fields.split(' ').map((field) => {
      const [name, fixedKind] = field.split(':');
      return [`${kind}.${name}`, fixedKind ?? ''] as const;
    }),
  ),
);

/** The kind of what a field holds without naming it, or undefined for a field that names it. */
export function fixedKindOf(kind: string, field: string): string | undefined {
  return fixedKinds.get(`${kind}.${field}`);
}
