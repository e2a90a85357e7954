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

/** What PostgreSQL may know and the binder doesn't: never let through. */
export function unknownConstruct(what: string, position: number | null = null): BindError {
  return new BindError('0A000', `${what} is not supported under a policy`, position);
}
