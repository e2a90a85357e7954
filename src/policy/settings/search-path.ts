import { nameBytesMax } from '../../../protocol/text.js';
import { quoteIdentifier } from '../../sql/quote.js';

/** The schemas unqualified names come from unless the client asks for others, and what its upstream is started with. */
const usualSchemas: readonly string[] = ['public'];

/**
 * The search_path a policed session lives with, from what its start-up asked for (undefined: nothing). `value` is what
 * the upstream must be started with and RESET must come back to; `schemas` goes into Principal.searchPath.
 *
 * `$user` is left out: which schema it is hangs on the account upstream, which is none of the client's business.
 */
export function policedSearchPath(
  asked: string | undefined,
): { readonly schemas: readonly string[]; readonly value: string } | { readonly refusal: string } {
  const named = asked === undefined ? usualSchemas : splitSearchPath(asked);
  const schemas = named?.filter((schema) => schema !== '$user' && schema !== '') ?? null;
  const own = schemas === null ? null : withoutLeadingCatalog(schemas);
  if (own === null) return { refusal: refusal(asked ?? '') };
  return { schemas: own, value: own.map(quoteName).join(', ') };
}

/** Whether a session may set its search_path to `value`: PostgreSQL's own names come before all others, and first of all. */
export function isSearchPathOpen(value: string): boolean {
  const named = splitSearchPath(value);
  return named !== null && withoutLeadingCatalog(named) !== null;
}

/** Whether names are found nowhere but in `schemas` under it: all that can be told of it without a catalog. */
export function narrowsSearchPath(value: string, schemas: readonly string[]): boolean {
  const own = withoutLeadingCatalog(splitSearchPath(value) ?? ['pg_']);
  return own?.every((schema) => schema === '' || schemas.includes(schema)) ?? false;
}

/** pg_catalog stands first, where it is searched anyway; null if it or another system schema stands elsewhere. */
function withoutLeadingCatalog(schemas: readonly string[]): string[] | null {
  const own = schemas[0] === 'pg_catalog' ? schemas.slice(1) : [...schemas];
  return own.some((schema) => schema.startsWith('pg_')) ? null : own;
}

function refusal(asked: string): string {
  return `permission denied: search_path "${asked}" is not allowed for this user`;
}

/** The names in a list, folded and cut as SplitIdentifierString does (varlena.c); null for what is no such list. */
export function splitSearchPath(value: string): string[] | null {
  if (value.trim() === '') return [];
  const names: string[] = [];
  const item = /\s*(?:"((?:[^"]|"")*)"|([^\s",]+))\s*(,|$)/y;
  for (;;) {
    const found = item.exec(value);
    if (found === null) return null;
    const [, quoted, plain = '', separator] = found;
    const name = quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"');
    if (Buffer.byteLength(name) > nameBytesMax) return null;
    names.push(name);
    if (separator === '') return names;
  }
}

/** As an identifier, quoted if it needs to be. */
export function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
}
