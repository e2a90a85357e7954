import { nameBytesMax } from '../../../protocol/text.js';
import { isSystemSchema } from '../catalogs/system-relations.js';

/** One part of a pattern: a name, or null for any. */
export interface TablePattern {
  readonly schema: string | null;
  readonly name: string | null;
}

/** Parts of a dotted name, folded as SQL folds them; what is quoted is marked, so that a `*` in it is no wildcard. */
function splitName(written: string): { readonly text: string; readonly isQuoted: boolean }[] | null {
  const parts: { text: string; isQuoted: boolean }[] = [];
  const part = /(?:"((?:[^"]|"")+)"|([^".\s]+))(\.|$)/y;
  for (;;) {
    const found = part.exec(written);
    if (found === null) return null;
    const [, quoted, plain = '', separator] = found;
    const isQuoted = quoted !== undefined;
    const text = isQuoted ? quoted.replaceAll('""', '"') : plain.toLowerCase();
    if (Buffer.byteLength(text) > nameBytesMax) return null;
    parts.push({ text, isQuoted });
    if (separator === '') return parts;
  }
}

/** `schema.table`, `schema.*` or `*.*`; null for anything else. */
export function parseTablePattern(written: string): TablePattern | null {
  const parts = splitName(written);
  if (parts?.length !== 2) return null;
  const [schema, name] = parts.map(({ text, isQuoted }) => (text === '*' && !isQuoted ? null : text));
  if (schema === undefined || name === undefined) return null;
  const hasStar = parts.some(({ text, isQuoted }) => !isQuoted && text !== '*' && text.includes('*'));
  return hasStar || (schema === null && name !== null) ? null : { schema, name };
}

/** A column's name, folded unless it is quoted; null for anything else. */
export function parseColumnName(written: string): string | null {
  const parts = splitName(written);
  return parts?.length === 1 && (parts[0]?.isQuoted || parts[0]?.text !== '*') ? (parts[0]?.text ?? null) : null;
}

/** A wildcard matches no relation of PostgreSQL's own, and no temporary one. */
export function matchesTable(pattern: TablePattern, schema: string, name: string): boolean {
  if (pattern.name !== null) return pattern.schema === schema && pattern.name === name;
  return !isSystemSchema(schema) && (pattern.schema === null || pattern.schema === schema);
}

export interface FunctionPattern {
  /** Null for any. */
  readonly schema: RegExp | null;
  readonly name: RegExp;
}

/** `schema.name` in which a `*` stands for any characters, and `*` alone as the schema for any; null for anything else. */
export function parseFunctionPattern(written: string): FunctionPattern | null {
  const parts = splitName(written);
  const [schema, name] = parts ?? [];
  if (parts?.length !== 2 || schema === undefined || name === undefined) return null;
  return { schema: schema.text === '*' && !schema.isQuoted ? null : glob(schema), name: glob(name) };
}

/** Any schema is none of PostgreSQL's own for what allows, and every one for what denies. */
export function matchesFunction(pattern: FunctionPattern, schema: string, name: string, isDeny: boolean): boolean {
  if (!pattern.name.test(name)) return false;
  return pattern.schema === null ? isDeny || !isSystemSchema(schema) : pattern.schema.test(schema);
}

/** A name in which `*` stands for any characters, as users and databases are written. */
export function parseGlob(written: string): RegExp {
  return glob({ text: written, isQuoted: false });
}

function glob({ text, isQuoted }: { readonly text: string; readonly isQuoted: boolean }): RegExp {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${isQuoted ? escaped : escaped.replaceAll('\\*', '.*')}$`, 's');
}
