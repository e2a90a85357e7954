import { createHash } from 'node:crypto';
import { askUpstream } from '../backend/postgres/own-query.js';
import { transactionStatus } from '../backend/postgres/postgres-upstream.js';
import { temporaryRelationsQuery } from '../catalog/catalog-queries.js';
import type { SessionNames } from '../judge/judge.js';
import { sessionNames, type TemporaryRelations } from '../judge/session-names.js';
import type { SessionSettings } from '../pool/session-settings.js';
import { parseTemporaryRelations } from '../sql/catalog/parse-relations.js';
import type { SessionEffects, StatementEffect } from '../sql/session-effects.js';
import type { Session } from './session.js';

/**
 * Where the server would look for a session's names now. Outside of a transaction its settings say so; within one, and
 * where it has temporary relations, the server is asked after whatever may have changed that.
 */
export class NamesInSession {
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
  #isAsking = false;

  /** @param startPath the server's search_path for a session that sets none */
  constructor(startPath: string) {
    this.#startPath = startPath;
  }

  now(settings: SessionSettings): SessionNames {
    if (this.#known === null || this.#knownOf !== settings) {
      this.#knownOf = settings;
      const path = this.#path ?? settings.values.get('search_path') ?? this.#startPath;
      this.#known = sessionNames(path, this.#temporary);
    }
    return this.#known;
  }

  onSent({ effect, statements }: SessionEffects): void {
    const isTouched = effect === 'unknown' || statements === null || statements.some(touches);
    const isOver = this.#isProvisional && (statements?.some(({ command }) => endings.test(command)) ?? true);
    if (isTouched) this.#isProvisional = true;
    if (isTouched || isOver) this.#isStale = true;
  }

  /** False: the server is being asked, or will be when it has answered what was sent; the session is woken then. */
  isCertain(session: Session): boolean {
    if (!this.#isStale) return true;
    const { attachment } = session;
    if (attachment.upstream === null) return this.#forget();
    const connection = attachment.held?.connection;
    if (connection === undefined || this.#isAsking) return false;
    // Within a batch nothing can be asked, nor in a transaction that has failed; names are sent with their schemas anyway.
    if (session.phase !== 'ready' || connection.status === transactionStatus.failed) return true;
    if (connection.queue.size > 0) return false;
    this.#isAsking = true;
    const major = Number.parseInt(connection.parameters.get('server_version') ?? '', 10);
    askUpstream(connection, namesSql(major), (answer) => {
      this.#isAsking = false;
      if (answer.kind === 'value' && answer.value !== null) this.#learn(answer.value);
      this.#isStale = false;
      session.wake();
    });
    return false;
  }

  /** The upstream was given back: nothing that only it had is left. */
  #forget(): true {
    this.#isStale = false;
    this.#isProvisional = false;
    this.#path = null;
    this.#temporary = null;
    this.#known = null;
    return true;
  }

  #learn(told: string): void {
    const { path, temporary } = JSON.parse(told) as { path: string; temporary: string };
    const relations = parseTemporaryRelations(temporary);
    const key = createHash('sha1').update(temporary).digest('base64');
    this.#path = path;
    this.#temporary = relations.length === 0 ? null : { relations, key };
    this.#known = null;
  }
}

const endings = /^(?:commit|end|rollback|abort|release)/;
const definitions = /^(?:create|drop|alter|discard|select into)/;

function touches({ command, names, effect }: StatementEffect): boolean {
  return effect === 'reset' || names.includes('search_path') || definitions.test(command);
}

function namesSql(major: number): string {
  return `SELECT pg_catalog.json_build_object('path', pg_catalog.current_setting('search_path'),
 'temporary', (${temporaryRelationsQuery(major)}))`;
}
