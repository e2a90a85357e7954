import { type Fields, textOf } from './tree.js';

const names: Readonly<Record<string, string>> = {
  SelectStmt: 'select',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
  CopyStmt: 'copy',
  TruncateStmt: 'truncate',
  LockStmt: 'lock',
  VariableShowStmt: 'show',
  PrepareStmt: 'prepare',
  ExecuteStmt: 'execute',
  DeallocateStmt: 'deallocate',
  DeclareCursorStmt: 'declare',
  FetchStmt: 'fetch',
  ClosePortalStmt: 'close',
  DiscardStmt: 'discard',
  ListenStmt: 'listen',
  UnlistenStmt: 'unlisten',
  NotifyStmt: 'notify',
  DoStmt: 'do',
  CallStmt: 'call',
  ExplainStmt: 'explain',
  ConstraintsSetStmt: 'set',
  GrantStmt: 'grant',
  GrantRoleStmt: 'grant',
  CreateTableAsStmt: 'create',
  DefineStmt: 'create',
  IndexStmt: 'create',
  ViewStmt: 'create',
  RuleStmt: 'create',
  CompositeTypeStmt: 'create',
  RenameStmt: 'alter',
  CommentStmt: 'comment',
  RefreshMatViewStmt: 'refresh',
  ReindexStmt: 'reindex',
  ClusterStmt: 'cluster',
};

const transactionNames: Readonly<Record<string, string>> = {
  TRANS_STMT_BEGIN: 'begin',
  TRANS_STMT_START: 'begin',
  TRANS_STMT_COMMIT: 'commit',
  TRANS_STMT_ROLLBACK: 'rollback',
  TRANS_STMT_SAVEPOINT: 'savepoint',
  TRANS_STMT_RELEASE: 'release',
  TRANS_STMT_ROLLBACK_TO: 'rollback to',
};

/** What a statement is called in audit and metrics: one of a few dozen words, whatever the text. */
export function commandName(kind: string, fields: Fields): string {
  if (kind === 'TransactionStmt') return transactionNames[textOf(fields.kind)] ?? 'two-phase commit';
  if (kind === 'VariableSetStmt') return textOf(fields.kind).startsWith('VAR_RESET') ? 'reset' : 'set';
  if (kind === 'VacuumStmt') return fields.is_vacuumcmd === true ? 'vacuum' : 'analyze';
  return names[kind] ?? /^(create|alter|drop)/.exec(kind.toLowerCase())?.[1] ?? 'other';
}
