import type { ClientStatement, Statement } from '../statements/statement.js';

/** What a client has bound. */
export class Portal {
  /** It has been executed, and what is left of it is only fetched. */
  hasRun = false;
  readonly statement: Statement;

  /** @param policies by which that was judged; undefined: by none */
  constructor(
    readonly prepared: ClientStatement,
    readonly policies: string | undefined,
  ) {
    this.statement = prepared.statement;
  }
}
