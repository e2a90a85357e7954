import type { ParseResult } from '../statement-facts.js';

export interface ParserPoolOptions {
  readonly workers: number;
  /** A text that takes longer is refused with 54000 and its worker thrown away. */
  readonly deadlineMs: number;
  /** Waiting texts of all clients together, and of one client; more are refused with 53400. */
  readonly queueMax: number;
  readonly queuePerClientMax: number;
  /** Waiting bytes of all clients together. */
  readonly queueBytesMax: number;
  /** Texts after which a parser's instance is thrown away as a precaution. */
  readonly renewAfter: number;
}

/** PostgreSQL's parser in threads of its own; clients take turns. */
export class ParserPool {
  constructor(_options: Partial<ParserPoolOptions> = {}) {}

  /** Never rejects. `client` is any value that stands for who asks; texts of one client are parsed in order. */
  parse(_text: string, _client: unknown): Promise<ParseResult> {
    return Promise.resolve({ ok: false, sqlstate: 'XX000', message: 'not written yet', position: null });
  }

  /** Ends the threads; what waits is refused. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
