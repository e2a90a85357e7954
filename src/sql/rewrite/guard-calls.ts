import type { CastUse, FunctionUse, Span } from '../bind/bound.js';
import type { CallOperand, CastOperand } from '../bind/cast-operands.js';
import { SourceText } from '../bind/source-text.js';
import type { Relation } from '../catalog/catalog.js';
import { quoteIdentifier } from '../quote.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { isOfName, type Meant } from './splice.js';

/** How a value that stands for an object is looked at before it is used. */
export interface Guard {
  readonly type: 'oid' | 'regclass' | 'text';
  /** What the text of a name comes to as an oid. */
  readonly oidOf?: (name: string) => string;
  /** When the value is used, of its oid and the column's name or number; else NULL is. */
  readonly condition: (oid: string, column: string) => string;
}

export interface CallGuard extends ArgumentGuard {
  /** Columns that hold nothing that must be looked at. */
  readonly isSafe: (relation: Relation, column: string) => boolean;
}

interface ArgumentGuard extends Guard {
  readonly argument: number;
  /** The argument that tells a column of it, of which the condition is, too. */
  readonly column?: number;
  /** The oid that a name comes to is used for it. */
  readonly usesOid?: boolean;
}

const valueMark = '\x01';

interface Guarded extends Span {
  readonly around: readonly string[];
  readonly meant: Meant;
}

/** Puts a condition around an argument or what a cast is of: `f(CASE WHEN condition THEN argument END)`. */
export function spliceGuards(
  rewriting: Rewriting,
  guards: { guardOf?(use: FunctionUse): CallGuard | null; castGuardOf?(use: CastUse): Guard | null },
): void {
  const { functions, casts } = rewriting.bound;
  const values = new Values(rewriting);
  const operands: Guarded[] = [];
  const named = new Map<string, readonly [CastUse, Guard, CallOperand]>();
  for (const use of casts) {
    const guard = guards.castGuardOf?.(use) ?? null;
    const { operand, position } = use;
    if (guard === null || operand === null) continue;
    refuseExplain(rewriting, cast, position);
    if ('call' in operand) named.set(keyOf(operand.call, operand.argument), [use, guard, operand]);
    else operands.push(values.ofCast(operand, position, guard));
  }
  const found = [...operands];
  for (const use of functions) {
    const own = guards.guardOf?.(use) ?? null;
    if (own === null) continue;
    const key = keyOf(use.span, own.argument);
    const [, name] = named.get(key) ?? [];
    named.delete(key);
    const column = use.columns[own.argument];
    if (name === undefined && column != null && own.isSafe(column.relation.relation, nameOf(column))) continue;
    refuseExplain(rewriting, `function ${use.name}`, use.position);
    const guard = name === undefined ? own : bothOf(name, own);
    found.push(values.ofCall(use, guard, operands));
  }
  for (const [{ position }, guard, { call, argument }] of named.values())
    found.push(values.ofArgument(call, { ...guard, argument, usesOid: true }, operands, { what: cast, position }));
  const reason = 'the catalog tells of what is visible only';
  // Of two that start together, what holds the other opens first.
  for (const { start, end, around, meant } of found.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const names = rewriting.splices.filter((splice) => isOfName(splice.meant));
    const before = around.slice(0, -1).join(around.length > 2 ? rewriting.copied({ start, end }, names) : '');
    rewriting.add({ start, end: start, text: before, reason, meant, isOpening: true });
    rewriting.add({ start: end, end, text: around.at(-1) ?? '', reason, meant });
  }
}

const cast = 'a cast to a registry type such as regclass';

function keyOf(call: Span | null, argument: number): string {
  return call === null ? '' : `${call.start} ${argument}`;
}

/** A name that is looked up for an argument, where what the function says of it is looked at, too. */
function bothOf(name: Guard, guard: CallGuard): CallGuard {
  const condition: Guard['condition'] = (oid, column) =>
    `(${name.condition(oid, '')} AND ${guard.condition(oid, column)})`;
  return { ...guard, ...name, condition, usesOid: true };
}

/** A plan would show the condition, with what is visible in it. */
function refuseExplain({ bound }: Rewriting, what: string, position: number | null): void {
  if (bound.kind !== 'ExplainStmt') return;
  throw new RewriteRefusal('42501', `permission denied: EXPLAIN of ${what} is not allowed for this user`, position);
}

class Values {
  #source: SourceText | null = null;

  constructor(private readonly rewriting: Rewriting) {}

  private get source(): SourceText {
    this.#source ??= new SourceText(this.rewriting.text);
    return this.#source;
  }

  /** @param others what is looked at itself, and once */
  ofCall({ name, by, span, position }: FunctionUse, guard: CallGuard, others: readonly Span[]): Guarded {
    return this.ofArgument(by === 'call' ? span : null, guard, others, { what: `function ${name}`, position });
  }

  ofArgument(
    call: Span | null,
    guard: ArgumentGuard,
    others: readonly Span[],
    { what: asked, position }: { readonly what: string; readonly position: number | null },
  ): Guarded {
    const refusal = (what: string) =>
      new RewriteRefusal('42501', `permission denied: ${asked} of ${what} is not allowed for this user`, position);
    const span = this.argument(call, guard.argument);
    if (span === null) throw refusal('what cannot be looked at');
    let column = '';
    if (guard.column !== undefined) {
      const other = this.argument(call, guard.column);
      if (other === null || !this.isPlain(other)) throw refusal('what is neither a column nor a literal');
      column = this.rewriting.copied(other, this.rewriting.splices);
    }
    const isHolding = others.some(({ start, end }) => start >= span.start && end <= span.end);
    const isCopied = guard.column === undefined && guard.type !== 'text' && this.isPlain(span) && !isHolding;
    if (!isCopied && !this.isOneValue(span)) throw refusal('what comes to many values');
    const used = `looked_up.${guard.usesOid ? 'oid' : 'v'} END`;
    const around = isCopied ? copying(guard) : selecting(guard, column, used);
    const at = call?.start ?? 0;
    return { ...span, around, meant: { kind: 'argument', at, argument: guard.argument, around } };
  }

  ofCast(operand: CastOperand, position: number | null, guard: Guard): Guarded {
    if (!this.isOneValue(operand)) {
      const what = 'what comes to many values';
      throw new RewriteRefusal('42501', `permission denied: ${cast} of ${what} is not allowed for this user`, position);
    }
    const { name, start, end, at } = operand;
    const used = `looked_up.oid END${name === null ? '' : ` AS ${quoteIdentifier(name)}`}`;
    const query = selecting(guard, '', used);
    // A query gives a column its name, which is not to be where the type does.
    const around = name === null ? [`CASE WHEN true THEN ${query[0]}`, `${query[1]} END`] : query;
    return { start, end, around, meant: { kind: 'operand', at, around } };
  }

  private argument(name: Span | null, argument: number): Span | null {
    const { source } = this;
    const open = name === null ? -1 : source.firstFrom(name.end);
    if (!source.is(open, '(')) return null;
    const close = source.partner(open);
    let first = open + 1;
    let at = 0;
    for (let token = first; token <= close; token++) {
      const isEnd = token === close || source.is(token, ',');
      if (isEnd && at === argument)
        return token > first && !this.isModified(first) ? source.span(first, token - 1) : null;
      if (isEnd) {
        at++;
        first = token + 1;
      } else if (source.partner(token) > token) token = source.partner(token);
    }
    return null;
  }

  private isModified(token: number): boolean {
    return /^(?:variadic|distinct|all)$/.test(this.source.keyword(token));
  }

  /** Without calls and operators: written twice, it is the same both times. */
  private isPlain({ start, end }: Span): boolean {
    const { source } = this;
    for (let token = source.firstFrom(start); token < source.length && source.start(token) < end; token++) {
      if (source.is(token, '.') || source.is(token, '::')) continue;
      const isWord = /^(?:\w|["'$])/.test(source.text(token));
      if (!isWord || /^(?:variadic|distinct|all|case|array|row|not)$/.test(source.word(token))) return false;
    }
    return true;
  }

  /** Moved into a query of its own, it is what it was: neither a window's nor of several rows. */
  private isOneValue({ start, end }: Span): boolean {
    const { source } = this;
    for (let token = source.firstFrom(start); token < source.length && source.start(token) < end; token++) {
      if (source.keyword(token) === 'over') return false;
    }
    return !this.rewriting.bound.functions.some(
      ({ span, candidates }) =>
        span !== null && span.start >= start && span.end <= end && candidates.some(({ returnsSet }) => returnsSet),
    );
  }
}

function copying({ condition, type }: Guard): readonly string[] {
  const value = `(${valueMark})::pg_catalog.${type}`;
  const oid = type === 'oid' ? value : `${value}::pg_catalog.oid`;
  return `CASE WHEN ${condition(oid, '')} THEN ${value} END`.split(valueMark);
}

/** What may come to something else each time it is asked for is asked for once. */
function selecting(guard: Guard, column: string, used: string): readonly string[] {
  const { condition, type, oidOf = (value) => `${value}::pg_catalog.oid` } = guard;
  const given = `SELECT (${valueMark})::pg_catalog.${type}${column === '' ? '' : `, (${column})`} OFFSET 0`;
  const columns = column === '' ? 'v' : 'v, c';
  const named = `SELECT ${oidOf('given.v')}, given.* FROM (${given}) AS given(${columns}) OFFSET 0`;
  const is = condition('looked_up.oid', 'looked_up.c');
  return `(SELECT CASE WHEN ${is} THEN ${used} FROM (${named}) AS looked_up(oid, ${columns}))`.split(valueMark);
}

function nameOf({ relation, attnum }: NonNullable<FunctionUse['columns'][number]>): string {
  return relation.relation.columns.find((column) => column.attnum === attnum)?.name ?? '';
}
