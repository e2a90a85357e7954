import type { FunctionUse, Span } from '../bind/bound.js';
import { SourceText } from '../bind/source-text.js';
import type { Relation } from '../catalog/catalog.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';

/** How an argument of a call is looked at before the call is. */
export interface CallGuard {
  readonly argument: number;
  /** What the argument is: `oid`, or a name that is looked up. */
  readonly type: 'oid' | 'regclass';
  /** When the call is made with it, an expression of type oid; else it is made with NULL. */
  readonly condition: (argument: string) => string;
  /** Columns that hold nothing that must be looked at. */
  readonly isSafe: (relation: Relation, column: string) => boolean;
}

const argumentMark = '\x01';

/** Puts a condition around an argument: `f(CASE WHEN condition THEN argument END)`. */
export function spliceGuards(rewriting: Rewriting, guardOf: (use: FunctionUse) => CallGuard | null): void {
  let source: SourceText | null = null;
  for (const use of rewriting.bound.functions) {
    const guard = guardOf(use);
    const column = guard === null ? undefined : use.columns[guard.argument];
    if (guard === null || (column != null && guard.isSafe(column.relation.relation, nameOf(column)))) continue;
    source ??= new SourceText(rewriting.text);
    const span = use.span === null || use.by !== 'call' ? null : plainArgument(source, use.span, guard.argument);
    if (span === null) {
      const message = `permission denied: function ${use.name} of what is neither a column nor a literal is not allowed for this user`;
      throw new RewriteRefusal('42501', message, use.position);
    }
    const names = rewriting.splices.filter(({ meant }) => meant.kind === 'schema' || meant.kind === 'qualifier');
    const around = partsOf(guard);
    const before = around.slice(0, -1).join(rewriting.copied(span, names));
    const reason = 'the catalog tells of what is visible only';
    const meant = { kind: 'argument', at: use.span?.start ?? 0, argument: guard.argument, around } as const;
    rewriting.add({ start: span.start, end: span.start, text: before, reason, meant, isOpening: true });
    rewriting.add({ start: span.end, end: span.end, text: around.at(-1) ?? '', reason, meant });
  }
}

function partsOf({ condition, type }: CallGuard): readonly string[] {
  const value = `(${argumentMark})::pg_catalog.${type}`;
  const oid = type === 'oid' ? value : `${value}::pg_catalog.oid`;
  return `CASE WHEN ${condition(oid)} THEN ${value} END`.split(argumentMark);
}

function nameOf({ relation, attnum }: NonNullable<FunctionUse['columns'][number]>): string {
  return relation.relation.columns.find((column) => column.attnum === attnum)?.name ?? '';
}

/** An argument without calls and operators: written twice, it is the same both times. */
function plainArgument(source: SourceText, name: Span, argument: number): Span | null {
  const open = source.firstFrom(name.end);
  if (!source.is(open, '(')) return null;
  const close = source.partner(open);
  let first = open + 1;
  let at = 0;
  for (let token = first; token <= close; token++) {
    const isEnd = token === close || source.is(token, ',');
    if (isEnd && at === argument) return token > first ? source.span(first, token - 1) : null;
    if (isEnd) {
      at++;
      first = token + 1;
    } else if (at === argument && !isPlain(source, token)) return null;
    else if (at < argument && source.partner(token) > token) token = source.partner(token);
  }
  return null;
}

function isPlain(source: SourceText, token: number): boolean {
  if (source.is(token, '.') || source.is(token, '::')) return true;
  return (
    /^(?:\w|["'$])/.test(source.text(token)) &&
    !/^(?:variadic|distinct|all|case|array|row|not)$/.test(source.word(token))
  );
}
