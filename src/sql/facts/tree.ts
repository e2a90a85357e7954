/** A node's fields as libpg-query gives them: protobuf's JSON, in which what is zero, false or empty is left out. */
export type Fields = Readonly<Record<string, unknown>>;

export interface TreeNode {
  readonly kind: string;
  readonly fields: Fields;
}

const noNode: TreeNode = { kind: '?', fields: {} };

/** A field of type Node: an object whose one key is its kind. Null where there's none; kind '?' for anything else. */
export function nodeOf(value: unknown): TreeNode | null {
  if (typeof value !== 'object' || value === null) return null;
  let kind: string | null = null;
  for (const key in value) {
    if (kind !== null) return noNode;
    kind = key;
  }
  if (kind === null) return null;
  const fields = (value as Fields)[kind];
  return typeof fields === 'object' && fields !== null ? { kind, fields: fields as Fields } : noNode;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A field of a fixed type, which has no wrapper. */
export function structOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The parts of a dotted name: a list of String nodes. */
export function namesOf(value: unknown): string[] {
  return listOf(value).map((item) => textOf(nodeOf(item)?.fields.sval));
}

/** The value of a literal that is a whole number within int4; null for anything else. */
export function wholeNumberOf(value: unknown): number | null {
  const ival = structOf(nodeOf(value)?.fields.ival);
  return ival === null ? null : Number(ival.ival ?? 0);
}

/** A literal's value as text, looked for behind a cast that keeps it; null for NULL, undefined where it's no literal. */
export function literalOf(value: unknown): string | null | undefined {
  const node = nodeOf(value);
  if (node?.kind === 'TypeCast') return isOfText(node.fields.typeName) ? literalOf(node.fields.arg) : undefined;
  if (node?.kind !== 'A_Const') return undefined;
  const { ival, fval, sval, boolval, isnull } = node.fields;
  if (isnull === true) return null;
  if (ival !== undefined) return String(structOf(ival)?.ival ?? 0);
  if (fval !== undefined) return textOf(structOf(fval)?.fval);
  if (sval !== undefined) return textOf(structOf(sval)?.sval);
  if (boolval !== undefined) return structOf(boolval)?.boolval === true ? 'true' : 'false';
  return undefined;
}

/** Of other types a value may be another text than the literal's: `'x '::bpchar`, `'\x78'::bytea`. */
function isOfText(typeName: unknown): boolean {
  const { names, typmods, arrayBounds } = structOf(typeName) ?? {};
  return (
    typmods === undefined &&
    arrayBounds === undefined &&
    /^(?:pg_catalog\.)?(?:text|varchar)$/.test(namesOf(names).join('.'))
  );
}
