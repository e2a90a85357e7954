/** What the operator wrote can't be put into a statement. The message says what and needs no position. */
export class OperatorSqlError extends Error {}
