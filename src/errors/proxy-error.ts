import { type ErrorCode, errorCodes, type Fault, type Severity } from './error-codes.js';

export interface ProxyErrorOptions {
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** For the log only: what a client reads is `clientMessage`, `detail` and `hint`. */
  readonly cause?: unknown;
  /** Where a code's usual severity does not fit: an upstream that is down is FATAL to a client that starts up. */
  readonly severity?: Severity | undefined;
  readonly sqlstate?: string | undefined;
  readonly retryable?: boolean | undefined;
}

/**
 * The one error that pgturnstile raises for a client or an operator to read. Its texts never hold a credential,
 * a value of somebody's row, or the content of a policy rule. Only `session/error-response.ts` turns it into bytes.
 */
export class ProxyError extends Error {
  readonly code: ErrorCode;
  readonly sqlstate: string;
  readonly severity: Severity;
  readonly fault: Fault;
  /** True only if nothing was sent upstream. */
  readonly retryable: boolean;
  readonly detail: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, clientMessage: string, options: ProxyErrorOptions = {}) {
    super(clientMessage, options.cause === undefined ? undefined : { cause: options.cause });
    const usual = errorCodes[code];
    this.name = 'ProxyError';
    this.code = code;
    this.sqlstate = options.sqlstate ?? usual.sqlstate;
    this.severity = options.severity ?? usual.severity;
    this.fault = usual.fault;
    this.retryable = options.retryable ?? usual.retryable;
    this.detail = options.detail;
    this.hint = options.hint;
  }

  /** The primary message of the ErrorResponse, in PostgreSQL's style: lower case, no full stop. */
  get clientMessage(): string {
    return this.message;
  }
}
