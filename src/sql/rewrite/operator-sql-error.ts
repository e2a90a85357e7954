/** What the operator wrote can't be put into a statement. The message says what and needs no position. */
export class OperatorSqlError extends Error {
  /** @param setting of a client, that it hangs on */
  constructor(
    message: string,
    readonly setting: string | null = null,
  ) {
    super(message);
  }
}
