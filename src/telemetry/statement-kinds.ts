/** The values of the label `kind`. Never more: a label's values are bounded. */
export const statementKindLabels = [
  'select',
  'insert',
  'update',
  'delete',
  'merge',
  'truncate',
  'copy',
  'transaction',
  'set',
  'show',
  'prepare',
  'cursor',
  'discard',
  'explain',
  'listen',
  'notify',
  'ddl',
  'do',
  'call',
  'lock',
  'vacuum',
  'function',
  'several',
  'other',
] as const;

export type StatementKindLabel = (typeof statementKindLabels)[number];

/** The values of the label `outcome`: it ran; the server said no; a policy did; a limit, queue or breaker did; the upstream went. */
export const statementOutcomes = ['ok', 'error', 'denied', 'refused', 'lost'] as const;

export type StatementOutcome = (typeof statementOutcomes)[number];

/** Places in `DatabaseCounters.statements`, for code that counts. */
export const outcomeIndex = { ok: 0, error: 1, denied: 2, refused: 3, lost: 4 } as const satisfies Record<
  StatementOutcome,
  number
>;

const indexes = new Map<string, number>(statementKindLabels.map((kind, index) => [kind, index]));

/** Leading keywords that are not a label themselves. */
const labelOfKeyword: Readonly<Record<string, StatementKindLabel>> = {
  table: 'select',
  values: 'select',
  with: 'select',
  begin: 'transaction',
  start: 'transaction',
  commit: 'transaction',
  end: 'transaction',
  rollback: 'transaction',
  abort: 'transaction',
  savepoint: 'transaction',
  release: 'transaction',
  reset: 'set',
  execute: 'prepare',
  deallocate: 'prepare',
  declare: 'cursor',
  fetch: 'cursor',
  move: 'cursor',
  close: 'cursor',
  unlisten: 'listen',
  create: 'ddl',
  alter: 'ddl',
  drop: 'ddl',
  comment: 'ddl',
  grant: 'ddl',
  revoke: 'ddl',
  refresh: 'ddl',
  reindex: 'ddl',
  cluster: 'ddl',
  analyze: 'vacuum',
  analyse: 'vacuum',
};

for (const [keyword, label] of Object.entries(labelOfKeyword)) indexes.set(keyword, indexes.get(label) as number);

const otherIndex = statementKindLabels.indexOf('other');

/**
 * The place in `DatabaseCounters.statements` for a statement. To be asked once a shape, and kept.
 *
 * @param command a label, or the statement's first words in lower case: `select`, `create table`
 */
export function statementKindIndex(command: string): number {
  const space = command.indexOf(' ');
  return indexes.get(space < 0 ? command : command.slice(0, space)) ?? otherIndex;
}
