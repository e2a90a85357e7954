import { parseSync } from 'libpg-query';

/** What of a tree tells where something stands in the text, and nothing else. */
const places = /^(location|.*_location|stmt_len|list_(start|end)|rexpr_list_(start|end))$/;

type Fields = Readonly<Record<string, unknown>>;

/** What is put in where a tree is taken out of a text with its literals replaced. */
export interface Replaced {
  /** What a value of the tree stands for. */
  readonly values?: ReadonlyMap<unknown, unknown>;
  /** The literal that a parameter stands for, by its number. */
  readonly parameters?: ReadonlyMap<number, string>;
}

/** What a parser says of a text: its tree as one text, places left out and literals put back; null: refused. */
export function treeOf(text: string, replaced: Replaced = {}): string | null {
  const parsed = parse(text);
  return parsed === null ? null : JSON.stringify(meant(parsed, replaced));
}

/** What was parsed last: a text and those made of it are asked about several times. */
const parsedLast = new Map<string, unknown>();

function parse(text: string): unknown {
  if (parsedLast.has(text)) return parsedLast.get(text);
  if (parsedLast.size > 5) parsedLast.clear();
  let parsed: unknown = null;
  try {
    parsed = parseSync(text);
  } catch {
    // Refused.
  }
  parsedLast.set(text, parsed);
  return parsed;
}

function meant(value: unknown, replaced: Replaced): unknown {
  if (Array.isArray(value)) return value.map((item) => meant(item, replaced));
  if (typeof value !== 'object' || value === null)
    return replaced.values?.has(value) ? replaced.values.get(value) : value;
  const fields: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const field = places.test(key) ? undefined : meant(inner, replaced);
    // The parser leaves out what is zero or empty.
    if (field !== undefined && field !== 0 && field !== '') fields[key] = field;
  }
  return replaced.parameters === undefined ? fields : withoutParameter(fields, replaced.parameters);
}

function withoutParameter(node: Fields, parameters: NonNullable<Replaced['parameters']>): Fields {
  const literal = parameters.get((node.ParamRef as { number?: number } | undefined)?.number ?? 0);
  if (literal !== undefined) return constant(literalValue(literal), literal.endsWith("'"));
  const { name, lexpr, rexpr } = (node.A_Expr ?? {}) as Fields;
  if (lexpr !== undefined || JSON.stringify(name) !== '[{"String":{"sval":"-"}}]') return node;
  // The parser takes a minus before a number into it.
  const number = (rexpr as Fields).A_Const as { ival?: { ival?: number }; fval?: { fval: string } } | undefined;
  if (number?.ival !== undefined) return constant(-(number.ival.ival ?? 0), false);
  return number?.fval === undefined ? node : constant(negative(number.fval.fval), false);
}

function constant(value: string | number, isString: boolean): Fields {
  if (typeof value === 'number') return { A_Const: { ival: value === 0 ? {} : { ival: value } } };
  if (!isString) return { A_Const: { fval: { fval: value } } };
  return { A_Const: { sval: value === '' ? {} : { sval: value } } };
}

export function negative(value: string | number): string | number {
  if (typeof value === 'number') return -value;
  return value.startsWith('-') ? value.slice(1) : `-${value}`;
}

/** A literal's value as trees have it: a number for what fits int4. */
export function literalValue(literal: string): string | number {
  if (literal.endsWith("'")) return stringValue(literal);
  const isInteger = /^\d+$/.test(literal) && BigInt(literal) < 2n ** 31n;
  return isInteger ? Number(literal) : literal;
}

function stringValue(literal: string): string {
  const inner = literal.slice(literal.indexOf("'") + 1, -1).replaceAll("''", "'");
  if (literal.startsWith("'")) return inner;
  return inner.replace(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped);
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The numbers that mean an output column: all of ORDER BY, GROUP BY and DISTINCT ON that stand there by themselves. */
export function positionsIn(text: string): number[] {
  const positions: number[] = [];
  const items = (list: unknown): void => {
    if (!Array.isArray(list)) return;
    for (const item of list as Record<string, Record<string, unknown>>[]) {
      const { A_Const: constant, SortBy: sorted, GroupingSet: set, RowExpr: row } = item;
      if (constant?.ival !== undefined) positions.push((constant.ival as { ival?: number }).ival ?? 0);
      if (sorted !== undefined) items([sorted.node]);
      if (set !== undefined) items(set.content);
      if (row?.row_format === 'COERCE_IMPLICIT_CAST') items(row.args);
    }
  };
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { sortClause, groupClause, distinctClause } = value as Record<string, unknown>;
    for (const list of [sortClause, groupClause, distinctClause]) items(list);
    for (const inner of Object.values(value)) walk(inner);
  };
  walk(parse(text));
  return positions.sort((a, b) => a - b);
}
