import { frontend } from '../../../protocol/message-types.js';
import { queryFrame } from '../../../protocol/messages/query.js';
import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import { tellUpstream } from '../../backend/postgres/own-query.js';
import { type PostgresUpstream, UpstreamRequest } from '../../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../../errors/proxy-error.js';
import {
  controlsTransaction,
  type SessionEffects,
  type StatementEffect,
  sessionEffects,
} from '../../sql/session-effects.js';
import { type StatementText, statementTexts } from '../../sql/statement-texts.js';
import { canceled } from '../cancel.js';
import { noticeFrame } from '../error-response.js';
import { reportsSince, tellReports } from '../replies/reports.js';
import type { Session } from '../session.js';
import { changesNames } from './name-lookup.js';
import type { Statement } from './statement.js';

// A policy binds names before a statement is sent. Where a statement changes what the names behind it mean, the text it is
// in can't be judged as a whole: its statements are sent one after another, each when the one before has run. For its
// client it stays one exchange, and one transaction as PostgreSQL makes one of it (PG 55.2.2.1): one of our own, until the
// text begins or ends one itself.

/** What a transaction of our own would allow and PostgreSQL's doesn't, with how it is called there. */
const forBlocks: ReadonlyMap<string, string> = new Map([
  ['savepoint', 'SAVEPOINT'],
  ['release', 'RELEASE SAVEPOINT'],
  ['rollback to', 'ROLLBACK TO SAVEPOINT'],
  ['commit and chain', 'COMMIT AND CHAIN'],
  ['rollback and chain', 'ROLLBACK AND CHAIN'],
]);
/** What they lead to depends on the text that they are in, or on what the client sends behind it. */
const indivisible: ReadonlySet<string> = new Set(['copy', 'listen', 'unlisten', 'notify', 'prepare transaction']);

const commitEffects = sessionEffects('commit');

/** The parts that the text in hand has to be judged and run in; null: it is judged as a whole. */
export function textInParts(session: Session, { text, effects, judgement }: Statement): TextInParts | null {
  const { judging } = session;
  if (text === null || judging === null || judging.policies === null || !dependsOnItself(effects)) return null;
  // What can't be parsed runs no part of it.
  if (judgement.isUnreadable || judgement.refusal?.sqlstate === '54000') return null;
  const parts = statementTexts(text);
  return parts === null ? null : new TextInParts(session, text, parts);
}

function dependsOnItself({ statements }: SessionEffects): boolean {
  if (statements === null || statements.length < 2) return false;
  if (statements.some(({ command }) => indivisible.has(command))) return false;
  const first = statements.findIndex(changesLaterNames);
  return first >= 0 && statements.slice(first + 1).some(({ command }) => !controlsTransaction(command));
}

function changesLaterNames(statement: StatementEffect): boolean {
  return statement.effect === 'unknown' || changesNames(statement);
}

/** A text of several statements on its way, part by part. */
export class TextInParts {
  readonly #session: Session;
  readonly #text: string;
  readonly #parts: readonly StatementText[];
  /** Of the part that is next, or under way. */
  #at = 0;
  /** Whose the open transaction is: the client's, if any; begun by us; or ours, which the text makes its own by its BEGIN. */
  #transaction: 'own' | 'ours' | 'adopted' = 'own';
  /** How the last statement has completed, which the client hears when all is committed. */
  #tag: Buffer | null = null;
  #hasFailed = false;
  #isCanceled = false;
  #isAnswered = false;
  /** What the client has been told of the server's parameters: it hears of what its text has changed when that has run. */
  #told: ReadonlyMap<string, string> | null = null;

  constructor(session: Session, text: string, parts: readonly StatementText[]) {
    this.#session = session;
    this.#text = text;
    this.#parts = parts;
  }

  /** The client has its ReadyForQuery. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** The part that is next; null: nothing is left but to end the transaction. */
  get next(): string | null {
    return this.#hasFailed ? null : (this.#parts[this.#at]?.text ?? null);
  }

  /** Characters of the text before the part that is next, or under way. */
  get charsBefore(): number {
    const part = this.#parts[this.#at];
    return part === undefined ? 0 : [...this.#text.slice(0, part.start)].length;
  }

  /** No further part is begun: the one under way may be through by now, or none is. */
  cancel(): void {
    this.#isCanceled = true;
  }

  /** Why the part that is next isn't begun: a cancel, or that no BEGIN began the transaction; null: it is. */
  refusal({ effects }: Statement): ProxyError | null {
    if (this.#isCanceled) return canceled();
    const name = this.#transaction === 'ours' ? forBlocks.get(effects.first) : undefined;
    if (name === undefined) return null;
    return new ProxyError('invalidParameter', `${name} can only be used in transaction blocks`, { sqlstate: '25P01' });
  }

  /** A part is about to be sent. */
  begin(connection: PostgresUpstream, { effects }: Statement): void {
    this.#told ??= new Map(connection.parameters);
    const isControl = controlsTransaction(effects.first);
    if (!isControl && connection.status === transactionStatus.idle) {
      tellUpstream(connection, 'BEGIN', () => {});
      this.#transaction = 'ours';
    } else if (isControl && this.#transaction === 'ours') {
      this.#transaction = effects.first === 'begin' ? 'adopted' : 'own';
      if (this.#transaction === 'own') this.#session.toClient(noTransaction);
    }
  }

  /** Ends the transaction that we have begun; should it have failed, that rolls it back. */
  commit(): void {
    const session = this.#session;
    const connection = session.attachment.held?.connection;
    this.#transaction = 'own';
    session.names.onSent(commitEffects);
    connection?.send(queryFrame('COMMIT'));
    connection?.expect(new UpstreamRequest(frontend.Query, 'swallow', session.replies));
    session.openExchanges += 1;
    session.onStatementSent(null);
  }

  /** Whether the server says what it wouldn't have said without the transaction of ours. */
  get isOurNotice(): boolean {
    return this.#transaction === 'adopted';
  }

  /** Whether reports of parameters wait for the end of the text. */
  get keepsReports(): boolean {
    return this.#told !== null;
  }

  /** A part has completed. True: what the server says of it is kept until the transaction is committed. */
  keepsTag(frame: Buffer): boolean {
    if (this.#transaction !== 'ours' || this.#at !== this.#parts.length - 1) return false;
    this.#tag = Buffer.from(frame);
    return true;
  }

  fail(): void {
    this.#hasFailed = true;
  }

  /** The client was told that the exchange is over. */
  abandon(): void {
    this.#isAnswered = true;
  }

  /** A part has been answered. True: the client doesn't hear that the server is ready, since the text goes on. */
  onReady(status: number): boolean {
    this.#at += 1;
    if (this.#transaction === 'adopted') this.#transaction = 'own';
    const isToEnd = this.#transaction === 'ours' && status !== transactionStatus.idle;
    this.#isAnswered = this.next === null && !isToEnd;
    if (this.#isAnswered) this.#finish();
    return !this.#isAnswered;
  }

  #finish(): void {
    const { replies, attachment } = this.#session;
    if (!this.#hasFailed && this.#tag !== null) this.#session.toClient(this.#tag);
    const told = this.#told;
    this.#told = null;
    if (told === null || attachment.connection === null) return;
    tellReports(replies, reportsSince(told, attachment.connection.parameters));
  }
}

const noTransaction = noticeFrame({
  severity: 'WARNING',
  severityNonLocalized: 'WARNING',
  sqlstate: '25P01',
  message: 'there is no transaction in progress',
});
