import type { AuditConfig } from '../config/config.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { Log } from '../telemetry/log.js';
import { occasionally } from '../telemetry/occasionally.js';
import { Appender } from './appender.js';
import type { AuditClient, AuditEvent, AuditStatement, StatementEnd } from './audit-event.js';
import { AuditFile } from './audit-file.js';
import {
  type ClientPart,
  clientPart,
  eventLine,
  type StatementPart,
  statementLine,
  statementPart,
} from './audit-line.js';
import { ChainedFile } from './chained-file.js';
import { timestamp } from './timestamp.js';

/** Lines kept while the file can't be written, or a worker's primary falls behind: at 400 bytes a line, 80,000 statements. */
export const bufferedBytesMax = 32 * 1024 * 1024;
/** The longest that a stop waits for the disk. */
const closeTimeoutMs = 2_000;

export interface AuditLogOptions {
  readonly log: Log;
  /** Bumped for each event, by what became of it. */
  readonly counted: { written: number; lost: number };
  readonly bufferBytesMax?: number;
  readonly closeTimeoutMs?: number;
}

/**
 * The record of who did what: a JSON line for each statement, login and change of the daemon itself. Nothing here
 * waits or throws, whatever happens to the disk; see docs/audit.md. While `audit` is off everything is let go.
 */
export class AuditLog {
  readonly #appender: Appender | null;
  readonly #keeps: AuditConfig['statements'];
  readonly #closeTimeoutMs: number;

  /** For `openAudit` and, with a null appender, for who wants none. */
  constructor(appender: Appender | null, keeps: AuditConfig['statements'], timeoutMs: number = closeTimeoutMs) {
    this.#appender = appender;
    this.#keeps = keeps;
    this.#closeTimeoutMs = timeoutMs;
  }

  get isOn(): boolean {
    return this.#appender !== null;
  }

  /** True: a statement's part holds its text, so that it can't be shared by all texts of a shape. */
  get keepsTexts(): boolean {
    return this.#keeps === 'full';
  }

  /** To be made once a client, and again when it calls itself something else (application_name). */
  clientPart(client: AuditClient): ClientPart {
    return clientPart(client);
  }

  /** To be made once for each verdict on a shape, or on a text if `keepsTexts`. */
  statementPart(statement: AuditStatement): StatementPart {
    return statementPart(statement, this.#keeps);
  }

  /** Records a statement at its end. Costs less than a microsecond. */
  statement(client: ClientPart, statement: StatementPart, end: StatementEnd): void {
    if (this.#appender === null) return;
    this.#appender.append(statementLine(timestamp(Date.now()), client, statement, end));
  }

  /** Records anything else. */
  write(event: AuditEvent): void {
    this.#appender?.append(eventLine(timestamp(Date.now()), event));
  }

  /** What another process has recorded: whole lines. */
  pass(lines: Uint8Array, count: number): void {
    this.#appender?.append(Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('latin1'), count);
  }

  /** Resolves when all that was recorded so far is in the file; on a full disk that may be never. */
  async flush(): Promise<void> {
    await this.#appender?.flush();
  }

  /** Writes what there is and closes, within two seconds: what can't be written by then is lost, counted and logged. */
  async close(): Promise<void> {
    await this.#appender?.close(this.#closeTimeoutMs);
  }

  /**
   * For a reload: goes on in what is at the file's path now, and puts aside, removes and syncs as `config` says from
   * here on. The path, the chain and what is kept of statements stay until a restart.
   */
  reopen(config: AuditConfig | null = null): void {
    if (config === null) this.#appender?.reopen();
    else this.#appender?.reopen(config);
  }
}

/**
 * Opens the audit file, so that one that can't be written is known before the first client is.
 *
 * @param config null: `audit: off`
 * @throws ProxyError configInvalid, naming the file
 */
export async function openAudit(config: AuditConfig | null, options: AuditLogOptions): Promise<AuditLog> {
  if (config === null) return new AuditLog(null, 'none');
  const { log, counted } = options;
  const { file: path, chain, chainKey } = config;
  const onRotateFailed = occasionally<Error>(10_000, (err) => {
    log.error({ file: path, err }, 'the audit file could not be put aside and grows on');
  });
  const plain = new AuditFile({ path, rules: config, onRotateFailed });
  const onDoubt = (doubt: string, err?: Error) => {
    log.error({ file: path, err }, `the audit chain: ${doubt}; see pgturnstile audit verify`);
  };
  const file = chain ? new ChainedFile(plain, { path, key: chainKey, onDoubt }) : plain;
  try {
    await file.open();
  } catch (error) {
    const reason = (error as Error).message;
    throw new ProxyError('configInvalid', `the audit file cannot be opened: ${reason}; change audit.file`, {
      cause: error,
    });
  }
  const appender = new Appender({
    file,
    path,
    bufferBytesMax: options.bufferBytesMax ?? bufferedBytesMax,
    log,
    counted,
  });
  return new AuditLog(appender, config.statements, options.closeTimeoutMs);
}
