import type { Operator } from '../../catalog/catalog.js';
import type { CatalogIndex } from '../../catalog/catalog-index.js';
import type { Binder } from '../binder.js';
import { type BoundQuery, type OperatorUse, type Span, undecided } from '../bound.js';
import type { OperatorMatch } from '../names.js';
import { BindError } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { matching, selectCandidate } from './candidates.js';
import { Coercions } from './coercions.js';
import { givesConstant } from './constants.js';
import { resolveGenerics } from './polymorphism.js';
import { shiftsFromNow } from './times-about-now.js';
import { typeNames } from './type-names.js';
import { oid } from './type-oids.js';

/** An operator as written, or as syntax stands for it. */
export interface Written {
  readonly schema: string | null;
  readonly name: string;
  readonly span: Span | null;
  readonly position: number | null;
}

/** make_op: notes the operator, converts its operands and gives the result's type. `left` null: a prefix operator. */
export function applyOperator(
  binder: Binder,
  scope: Scope,
  written: Written,
  left: Typed | null,
  right: Typed,
): Pick<Typed, 'type' | 'isConstant' | 'shifts'> {
  const operands = left === null ? [right] : [left, right];
  const given = operands.map((value) => binder.typeOf(value));
  const found = resolveOperator(binder, written, given);
  const [only] = found;
  const behind = found.length === 1 && only !== undefined ? binder.catalog.function(only.operator.function) : undefined;
  const isConstant = givesConstant(binder, behind, only?.types ?? [], operands);
  const shifts = shiftsFromNow(binder, behind, operands);
  const isRowless = isConstant || shifts !== undefined;
  const pattern = namePattern(binder, written, left, right);
  note(binder, scope, written, found, given, { pattern, isRowless, isOfColumn: isOfColumn(binder, operands) });
  if (found.length !== 1 || only === undefined) {
    return { type: commonResult(found.map(({ operator }) => operator)), isConstant };
  }
  const generics = resolveGenerics(binder.coercions, given, only.types);
  operands.forEach((value, at) => {
    binder.coerce(value, generics.resolve(only.types[at] ?? undecided), scope);
  });
  return { type: generics.resolve(only.operator.result), isConstant, shifts };
}

/** make_scalar_array_op: `left op ANY (array)`, or IN over values of one type, which are the elements then. */
export function applyToElements(
  binder: Binder,
  scope: Scope,
  written: Written,
  left: Typed,
  array: Typed,
  element: number,
  elements: readonly Typed[] = [array],
): void {
  const given = [binder.typeOf(left), element];
  const found = resolveOperator(binder, written, given);
  note(binder, scope, written, found, given, { isOfColumn: isOfColumn(binder, [left, ...elements]) });
  const [only] = found;
  if (found.length !== 1 || only === undefined) return;
  const generics = resolveGenerics(binder.coercions, given, only.types);
  binder.coerce(left, generics.resolve(only.types[0] as number), scope);
  const wanted = generics.resolve(only.types[1] as number);
  const wantedArray = binder.coercions.arrayOf(wanted);
  if (wantedArray !== 0) binder.coerce(array, wantedArray, scope);
}

/** Columns of catalogs are of this type, and nearly no others: what a pattern is decides little else. */
function namePattern(binder: Binder, { name }: Written, left: Typed | null, right: Typed): string | null {
  const type = left?.column === undefined ? undefined : binder.catalog.type(binder.typeOf(left));
  const isName = type !== undefined && (type.oid === oid.name || (type.kind === 'd' && type.base === oid.name));
  if (!isName || typeof right.literal !== 'string' || !/^!?~~?\*?$/.test(name)) return null;
  binder.decideByValue(right);
  return right.literal;
}

function note(
  binder: Binder,
  scope: Scope,
  written: Written,
  found: readonly OperatorMatch[],
  operands: readonly number[],
  { pattern = null, isRowless = false, isOfColumn = false }: Partial<OperatorUse>,
): void {
  binder.operators.push({
    name: written.name,
    schema: written.schema,
    candidates: found.map(({ operator }) => operator),
    operands,
    pattern,
    isRowless,
    isOfColumn,
    query: scope.query as BoundQuery,
    place: scope.place,
    span: written.span,
    position: written.position,
  });
}

function isOfColumn(binder: Binder, operands: readonly Typed[]): boolean {
  const isGiven = (value: Typed) =>
    (value.literal !== undefined || value.parameter !== undefined) && binder.typeOf(value) !== oid.name;
  const others = operands.filter((value) => !isGiven(value));
  return others.length < 2 && others.every(({ column }) => column !== undefined && column.origin !== null);
}

function commonResult(operators: readonly Operator[]): number {
  const [first] = operators;
  return first !== undefined && operators.every(({ result }) => result === first.result) ? first.result : undecided;
}

/** oper() and left_oper() of parse_oper.c. Several only where a type is undecided. */
function resolveOperator(binder: Binder, written: Written, given: readonly number[]): OperatorMatch[] {
  const all = binder.names.operators(written.schema, written.name, given.length === 1);
  const exact = exactMatch(binder, all, given);
  if (exact !== undefined) return [exact];
  const fitting = matching(binder.coercions, given, all);
  if (fitting.length === 1 || (fitting.length > 0 && given.includes(undecided))) return fitting;
  const selected = fitting.length === 0 ? null : selectCandidate(binder.coercions, given, fitting);
  if (selected === null) throw noSuchOperator(binder, written, given, fitting.length > 0);
  return [selected];
}

/** binary_oper_exact: a literal of no known type is first taken to be of the other side's. */
function exactMatch(
  binder: Binder,
  all: readonly OperatorMatch[],
  given: readonly number[],
): OperatorMatch | undefined {
  const find = (left: number | undefined, right: number | undefined) =>
    all.find(({ types }) => types[0] === left && types[1] === right);
  const [left, right] = given;
  if (left === undefined || right === undefined) return find(left, right);
  const hasUnknown = left === oid.unknown || right === oid.unknown;
  if (!hasUnknown) return find(left, right);
  const known = left === oid.unknown ? right : left;
  const found = find(known, known);
  const base = binder.coercions.baseOf(known);
  return found ?? (base === known ? undefined : find(base, base));
}

function noSuchOperator(binder: Binder, written: Written, given: readonly number[], isAmbiguous: boolean): BindError {
  const types = typeNames(binder.catalog, given);
  const name = written.schema === null ? written.name : `${written.schema}.${written.name}`;
  const signature = types.length === 1 ? `${name} ${types[0]}` : `${types[0]} ${name} ${types[1]}`;
  return isAmbiguous
    ? new BindError('42725', `operator is not unique: ${signature}`, written.position, {
        hint: 'Could not choose a best candidate operator. You might need to add explicit type casts.',
      })
    : new BindError('42883', `operator does not exist: ${signature}`, written.position, {
        hint: 'No operator matches the given name and argument types. You might need to add explicit type casts.',
      });
}

/**
 * Whether an operator without a schema is PostgreSQL's own along every search path that has pg_catalog first: either it
 * takes exactly these types, so that it is found before all others, or no other of its name could take them.
 */
export function isFoundFirst(index: CatalogIndex, { name, candidates, operands }: OperatorUse): boolean {
  if (candidates.length === 0 || candidates.some(({ schema }) => schema !== 'pg_catalog')) return false;
  const [only] = candidates;
  const known = operands.find((type) => type !== oid.unknown) ?? oid.unknown;
  const exact = operands.map((type) => (type === oid.unknown ? known : type));
  const types = ({ left, right }: { left: number; right: number }) => (left === 0 ? [right] : [left, right]);
  if (candidates.length === 1 && only !== undefined && types(only).join() === exact.join()) return true;
  const others = index
    .operatorsByName(name)
    .filter(({ schema, left }) => schema !== 'pg_catalog' && (left === 0) === (operands.length === 1))
    .map((operator) => ({ types: types(operator) }));
  return matching(new Coercions(index), operands, others).length === 0;
}

/** make_row_comparison_op: column by column. */
export function comparePairs(
  binder: Binder,
  scope: Scope,
  written: Written,
  left: readonly Typed[],
  right: readonly Typed[],
): void {
  if (left.length !== right.length)
    throw new BindError('42601', 'unequal number of entries in row expressions', written.position);
  left.forEach((value, at) => {
    applyOperator(binder, scope, written, value, right[at] as Typed);
  });
}

/** `+`, or OPERATOR(s.+); null where a word stands for it (LIKE ANY). */
export function operatorSpan(binder: Binder, position: number): Span | null {
  const { source } = binder;
  const first = source.tokenAt(position);
  const word = source.word(first);
  if (word === 'operator') return source.span(first, source.partner(first + 1));
  return word === '' ? source.span(first, first) : null;
}
