import type { ClientStatement, Statement } from '../statements/statement.js';

/** What a client has bound. */
export class Portal {
  /** It has been executed, and what is left of it is only fetched. */
  hasRun = false;
  readonly statement: Statement;

  constructor(readonly prepared: ClientStatement) {
    this.statement = prepared.statement;
  }
}
