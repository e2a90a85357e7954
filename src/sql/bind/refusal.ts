/** Thrown inside the binder and turned into a BindRefusal at its door. `position` is a UTF-8 byte offset. */
export class BindError extends Error {
  constructor(
    readonly sqlstate: string,
    message: string,
    readonly position: number | null = null,
    readonly more: { readonly detail?: string; readonly hint?: string } = {},
  ) {
    super(message);
  }
}

/** A tree was too deep for what walks it. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/i.test(error.message);
}

/** What PostgreSQL may know and the binder doesn't: never let through. */
export function unknownConstruct(what: string, position: number | null = null): BindError {
  return new BindError('0A000', `${what} is not supported under a policy`, position);
}

/** Splits a dotted name into schema and name; a database before them must be this one (DeconstructQualifiedName). */
export function splitQualifiedName(
  parts: readonly string[],
  database: string,
  position: number | null,
): { readonly schema: string | null; readonly name: string } {
  const [name = '', schema = null, catalog = null] = [...parts].reverse();
  const written = parts.join('.');
  if (parts.length > 3)
    throw new BindError('42601', `improper qualified name (too many dotted names): ${written}`, position);
  if (catalog !== null && catalog !== database)
    throw new BindError('0A000', `cross-database references are not implemented: ${written}`, position);
  return { schema, name };
}
