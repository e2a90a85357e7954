import { createHash } from 'node:crypto';
import { flushFrame } from '../../../protocol/messages/bodiless.js';
import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import { catalogConnection } from '../../backend/postgres/open-catalog-connection.js';
import { askUpstream, askWithinBatch, type OwnAnswer } from '../../backend/postgres/own-query.js';
import type { PostgresUpstream } from '../../backend/postgres/postgres-upstream.js';
import { temporaryRelationsQuery } from '../../catalog/catalog-queries.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { SessionJudge, SessionNames } from '../../judge/judge.js';
import type { OwnCatalog } from '../../judge/own-catalog.js';
import { sessionNames, type TemporaryRelations } from '../../judge/session-names.js';
import type { SessionSettings } from '../../pool/session-settings.js';
import { parseTemporaryRelations } from '../../sql/catalog/parse-relations.js';
import type { SessionEffects, StatementEffect } from '../../sql/session-effects.js';
import { errorFrame } from '../error-response.js';
import type { Session } from '../session.js';
import { KeptVerdicts } from './kept-verdicts.js';

/**
 * Where the server would look for a session's names now, and in which catalog. Outside of a transaction its settings say
 * so, and everybody's catalog holds; within one, and where it has temporary relations, the server is asked after whatever
 * may have changed that.
 */
export class NameLookup {
  /** What some of them stand for was judged when it was made. */
  readonly kept = new KeptVerdicts();
  readonly #startPath: string;
  #known: SessionNames | null = null;
  #knownOf: SessionSettings | null = null;
  /** As the server said last; null: the session's settings have it. */
  #path: string | null = null;
  #temporary: TemporaryRelations | null = null;
  /** Something that was sent may have changed it. */
  #isStale = false;
  /** And may be taken back when the transaction ends. */
  #isProvisional = false;
  /** Whether the server is asked now, or will be when it has answered what a batch has sent so far. */
  #question: 'none' | 'behindReplies' | 'asked' = 'none';
  /** It was asked within a batch, which may yet be rolled back. */
  #isOfBatch = false;
  /** What the open transaction has defined, if anything: not looked at since, or known. */
  #definitions: 'none' | 'unread' | 'read' = 'none';
  #isReadCommitted = false;
  #catalog: OwnCatalog | null = null;
  /** Why what it has defined isn't known: nothing can be judged by names until it ends. */
  #refusal: ProxyError | null = null;

  /** @param startPath the server's search_path for a session that sets none */
  constructor(startPath: string) {
    this.#startPath = startPath;
  }

  now(settings: SessionSettings): SessionNames {
    if (this.#known === null || this.#knownOf !== settings) {
      this.#knownOf = settings;
      const path = this.#path ?? settings.values.get('search_path') ?? this.#startPath;
      this.#known = sessionNames(path, this.#temporary, this.#catalog);
    }
    return this.#known;
  }

  /** What was sent so far was for another judge, or none, to follow. */
  doubt(): void {
    this.#isStale = true;
  }

  onSent({ effect, statements }: SessionEffects): void {
    const isTouched = effect === 'unknown' || statements === null || statements.some(changesNames);
    const isOver = this.#isProvisional && (statements?.some(({ command }) => endings.test(command)) ?? true);
    if (isTouched) this.#isProvisional = true;
    if (isTouched || isOver) this.#isStale = true;
    // A savepoint that it goes back to knows less than it does.
    if (isOver && this.#definitions === 'read') this.#definitions = 'unread';
  }

  /** Something was defined that others see when it is committed. */
  onDefined(): void {
    this.#definitions = 'unread';
  }

  /** No transaction is open: everybody's catalog holds. */
  onIdle(): void {
    if (this.#question === 'behindReplies') this.#question = 'none';
    this.#onBatchEnd();
    if (this.#definitions === 'none') return;
    this.#definitions = 'none';
    this.#refusal = null;
    this.#useCatalog(null);
  }

  #onBatchEnd(): void {
    if (this.#isOfBatch) this.#isStale = true;
    this.#isOfBatch = false;
  }

  /** Whether names are looked for where they were, as far as that is known without asking. */
  areStill(key: string, settings: SessionSettings): boolean {
    return this.now(settings).key === key;
  }

  /** The server has to be asked where names are looked for. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** The session is to be woken by each reply. */
  get awaitsReplies(): boolean {
    return this.#question === 'behindReplies';
  }

  /** Why statements that name anything are refused; null: they aren't. */
  get refusal(): ProxyError | null {
    return this.#refusal;
  }

  /** By which version of the catalog a statement has to be judged now; 0: that isn't known. */
  versionNow({ phase }: Session, judging: SessionJudge): number {
    if (this.#definitions === 'unread' && phase === 'ready') return 0;
    return this.#catalog === null ? judging.version : this.#catalog.version;
  }

  /** False: the server is being asked, or will be when it has answered what was sent; the session is woken then. */
  isCertain(session: Session, judging: SessionJudge): boolean {
    if (session.phase === 'ready') this.#onBatchEnd();
    // What others have committed since is not in what was read; of what they go on committing nobody can wait for the end.
    const isBeside = this.#catalog === null || this.#catalog.judgedBy === judging.version;
    if (!isBeside && !session.verdict.isCatalogRead) this.#definitions = 'unread';
    if (!this.#isStale && this.#definitions !== 'unread') return true;
    const { attachment } = session;
    if (attachment.upstream === null) return this.#forget();
    const connection = attachment.held?.connection;
    if (connection === undefined || this.#question === 'asked') return false;
    if (connection.status === transactionStatus.failed) return true;
    if (session.phase !== 'ready') return this.#isCertainInBatch(session, connection);
    if (connection.queue.size > 0) return false;
    this.#question = 'asked';
    askUpstream(connection, namesSql(connection), (answer) => {
      this.#onNames(answer, connection.isIdle);
      if (this.#definitions === 'unread' && !connection.isLost)
        return void this.#readCatalog(session, connection, judging);
      this.#question = 'none';
      session.wake();
    });
    return false;
  }

  /** As `isCertain`. What was defined for all is known by what was there before: reading a catalog takes a savepoint. */
  #isCertainInBatch(session: Session, connection: PostgresUpstream): boolean {
    if (!this.#isStale || connection.queue.isSkipping) return true;
    if (connection.queue.size > 0) {
      this.#question = 'behindReplies';
      // Without it the server keeps them until the Sync.
      connection.send(flushFrame);
    } else this.#askInBatch(session, connection);
    return false;
  }

  #askInBatch(session: Session, connection: PostgresUpstream): void {
    this.#question = 'asked';
    askWithinBatch(connection, namesSql(connection), (answer) => {
      this.#onNames(answer, false);
      this.#question = 'none';
      this.#isOfBatch = true;
      if (answer.kind === 'refused') session.toClient(errorFrame(answer.error));
      session.wake();
    });
  }

  #onNames(answer: OwnAnswer, isIdle: boolean): void {
    if (answer.kind === 'value' && answer.value !== null) this.#learn(answer.value, isIdle);
    this.#isStale = false;
  }

  async #readCatalog(session: Session, connection: PostgresUpstream, judging: SessionJudge): Promise<void> {
    this.#useCatalog(null);
    this.#refusal = null;
    try {
      // In another kind of transaction one sees what others had committed when it began, and the server goes by more.
      const catalog = this.#isReadCommitted ? await judging.readOwn(catalogConnection(connection)) : null;
      if (session.phase === 'closed') catalog?.drop();
      else this.#useCatalog(catalog);
    } catch (error) {
      this.#refusal = error instanceof ProxyError ? error : unknownCatalog;
    }
    session.verdict.isCatalogRead = true;
    this.#definitions = 'read';
    this.#question = 'none';
    session.wake();
  }

  #useCatalog(catalog: OwnCatalog | null): void {
    this.#catalog?.drop();
    this.#catalog = catalog;
    this.#known = null;
  }

  /** The upstream was given back: nothing that only it had is left. */
  #forget(): true {
    this.kept.forget('statements');
    this.kept.forget('views');
    this.#isStale = false;
    this.#isProvisional = false;
    this.#path = null;
    this.#temporary = null;
    this.#known = null;
    return true;
  }

  #learn(told: string, isIdle: boolean): void {
    const { path, temporary, isolation, prepared } = JSON.parse(told) as ToldNames;
    const relations = parseTemporaryRelations(temporary);
    // What is gone within a transaction may come back.
    if (isIdle && !prepared) this.kept.forget('statements');
    if (isIdle && !relations.some(({ kind }) => kind === 'v')) this.kept.forget('views');
    const key = createHash('sha1').update(temporary).digest('base64');
    this.#path = path;
    this.#isReadCommitted = isolation === 'read committed';
    this.#temporary = relations.length === 0 ? null : { relations, key };
    this.#known = null;
  }
}

const unknownCatalog = new ProxyError(
  'upstreamUnavailable',
  'what the transaction has defined could not be looked at',
  {
    hint: 'Nothing can be judged by a policy without it. Roll back, and try again.',
  },
);

const endings = /^(?:commit|end|rollback|abort|release)/;
const definitions = /^(?:create|drop|alter|discard|select into)/;

/** Whether a statement may change what the names in others mean. */
export function changesNames({ command, names, effect }: StatementEffect): boolean {
  return effect === 'reset' || names.includes('search_path') || definitions.test(command);
}

interface ToldNames {
  readonly path: string;
  readonly temporary: string;
  readonly isolation: string;
  /** There is something that was prepared by SQL. */
  readonly prepared: boolean;
}

function namesSql({ parameters }: PostgresUpstream): string {
  const major = Number.parseInt(parameters.get('server_version') ?? '', 10);
  return `SELECT pg_catalog.json_build_object('path', pg_catalog.current_setting('search_path'),
 'isolation', pg_catalog.current_setting('transaction_isolation'),
 'prepared', EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql), 'temporary', (${temporaryRelationsQuery(major)}))`;
}
