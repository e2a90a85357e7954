import type { BoundStatement, CastUse } from '../bind/bound.js';
import { oid } from '../bind/expressions/type-oids.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../facts/tree.js';
import { isBuiltin } from '../leak-free-functions.js';
import { literalsIn } from '../rewrite/template.js';

/**
 * Whether a query means the same with a parameter in the place of each literal that its key leaves out (see `keyOf`): each
 * is compared with a column, or is the number of a LIMIT or OFFSET. Elsewhere it may have to be a literal, choose a type, or
 * be computed with: an expression of literals alone is worked out before any row is looked at, one of parameters may fail
 * at a row, which a policy may hide.
 * @param tree of `bound`, the one statement of the text, which is `bytes` in UTF-8
 */
export function areLiteralsBindable({ casts }: BoundStatement, tree: unknown, bytes: Buffer): boolean {
  const starts = new Set<number>();
  const isFound = findBindable(tree, (at) => starts.add(startOfNumber(bytes, at)));
  return isFound && casts.every(cannotFail) && literalsIn(bytes).every(({ start }) => starts.has(start));
}

/** A cast of what is to be a parameter, which is made at each row then. */
function cannotFail({ isConstant, function: called, source }: CastUse): boolean {
  return !isConstant || called === 0 || (source === oid.int4 && isBuiltin({ oid: called }));
}

/** False: it has parameters of its own already. */
function findBindable(value: unknown, found: (start: number) => void): boolean {
  if (Array.isArray(value)) return value.every((item) => findBindable(item, found));
  if (typeof value !== 'object' || value === null) return true;
  for (const kind in value) {
    if (kind === 'ParamRef') return false;
    const fields = (value as Fields)[kind];
    if (typeof fields !== 'object') continue;
    const node = kind === 'A_Expr' ? structOf(fields) : null;
    if (node !== null) noteCompared(node, found);
    if (kind === 'limitCount' || kind === 'limitOffset') noteNumber(fields, found);
    if (!findBindable(fields, found)) return false;
  }
  return true;
}

const comparing: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);
const comparingKinds: ReadonlySet<string> = new Set(['AEXPR_IN', 'AEXPR_BETWEEN', 'AEXPR_NOT_BETWEEN']);
const matchingKinds: ReadonlySet<string> = new Set(['AEXPR_LIKE', 'AEXPR_ILIKE']);

function noteCompared({ kind, name, lexpr, rexpr }: Fields, found: (start: number) => void): void {
  const [operator, ...schema] = namesOf(name);
  const how = textOf(kind);
  const isComparison =
    comparingKinds.has(how) || (how === 'AEXPR_OP' && schema.length === 0 && comparing.has(operator ?? ''));
  if (!isComparison && !matchingKinds.has(how)) return;
  const isColumn = (side: unknown) => nodeOf(side)?.kind === 'ColumnRef';
  if (isColumn(lexpr)) for (const each of itemsOf(rexpr)) noteLiteral(each, found);
  else if (isColumn(rexpr)) noteLiteral(lexpr, found);
}

/** What IN and BETWEEN compare with is a list. */
function itemsOf(side: unknown): readonly unknown[] {
  const node = nodeOf(side);
  return node?.kind === 'List' ? listOf(node.fields.items) : [side];
}

/** Types whose input takes all there is from the text: an interval's hangs on its fields, a domain's on what it is of. */
const plainTypes: ReadonlySet<string> = new Set(
  'bool date float4 float8 int2 int4 int8 numeric text time timestamp timestamptz timetz uuid varchar'.split(' '),
);

function noteLiteral(value: unknown, found: (start: number) => void): void {
  const node = nodeOf(value);
  if (node?.kind === 'TypeCast') {
    // `date '2026-01-01'` has to be a literal.
    const isBehind = Number(node.fields.location ?? 0) >= 0;
    if (isBehind && isPlainType(structOf(node.fields.typeName))) noteString(node.fields.arg, found);
  } else {
    noteString(value, found);
    noteNumber(value, found);
  }
}

function isPlainType(type: Fields | null): boolean {
  if (type === null || type.setof === true || type.pct_type === true) return false;
  if (listOf(type.typmods).length > 0 || listOf(type.arrayBounds).length > 0) return false;
  const [name = '', ...behind] = namesOf(type.names).toReversed();
  return plainTypes.has(name) && behind.every((schema) => schema === 'pg_catalog');
}

function noteString(value: unknown, found: (start: number) => void): void {
  const node = nodeOf(value);
  if (node?.kind === 'A_Const' && node.fields.sval !== undefined) found(Number(node.fields.location ?? 0));
}

/** An int4: a larger number may be too large for what it is cast to. */
function noteNumber(value: unknown, found: (start: number) => void): void {
  const node = nodeOf(value);
  if (node?.kind === 'A_Const' && node.fields.ival !== undefined) found(Number(node.fields.location ?? 0));
}

/** A negative number begins with its sign. */
function startOfNumber(bytes: Buffer, at: number): number {
  let start = at;
  while (bytes[start] === 0x2d || bytes[start] === 0x20) start += 1;
  return start;
}
