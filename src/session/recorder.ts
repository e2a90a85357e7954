import type { ClientPart } from '../audit/audit-line.js';
import type { AuditLog } from '../audit/audit-log.js';
import { BoundedCache } from '../cache/bounded-cache.js';
import type { ProxyError } from '../errors/proxy-error.js';
import type { Judgement } from '../judge/judgement.js';
import { shapeOf } from '../sql/shape.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { outcomeIndex, statementKindIndex } from '../telemetry/statement-kinds.js';
import type { Session } from './session.js';
import type { Run } from './statements/run.js';
import { type Recorded, type Statement, textless } from './statements/statement.js';

/** Bytes of what is kept for shapes that ran lately, and of one of them beside its key, about. */
const shapesBytesMax = 16 * 1024 * 1024;
const shapeBytes = 600;
const copyKind = statementKindIndex('copy');

const unseen = textless();

/** Writes down what sessions run: a line of audit and the counters for each statement. One for a daemon. */
export class SessionRecorder {
  readonly #byShape = new BoundedCache<Recorded>(shapesBytesMax, shapeBytes);
  readonly #ofJudgement = new WeakMap<Judgement, Recorded>();

  constructor(
    readonly audit: AuditLog,
    readonly metrics: Metrics,
    readonly log: Log,
  ) {}

  /** A statement has ended at its upstream, after so many milliseconds. `sqlstate` null: it succeeded. */
  onRun(session: Session, run: Run, rows: number, sqlstate: string | null): number {
    const durationMs = performance.now() - run.startedAt;
    const recorded = this.#recorded(run.statement ?? unseen);
    const outcome = run.isLost ? 'lost' : sqlstate === null ? 'ok' : 'error';
    session.database.counters.countStatement(recorded.kind, outcomeIndex[outcome], durationMs);
    if (recorded.kind === copyKind) session.database.counters.copyRows += rows;
    for (const verdict of recorded.verdicts) verdict.count += 1;
    if (run.statement !== null) noteRun(session, run.statement);
    const { copyBytes } = run;
    this.audit.statement(this.clientPart(session), recorded.part, { rows, copyBytes, durationMs, sqlstate });
    return durationMs;
  }

  /** A statement was not sent. */
  onRefused(session: Session, statement: Statement | null, reason: ProxyError): void {
    const isDenied = reason.fault === 'policy';
    const recorded = this.#describe(statement ?? unseen, isDenied ? 'deny' : 'allow');
    const outcome = isDenied ? outcomeIndex.denied : outcomeIndex.refused;
    session.database.counters.countStatement(recorded.kind, outcome, 0);
    for (const verdict of recorded.verdicts) verdict.count += 1;
    const end = { rows: null, copyBytes: null, durationMs: 0, sqlstate: reason.sqlstate };
    this.audit.statement(this.clientPart(session), recorded.part, end);
  }

  onFault(error: ProxyError): void {
    this.log.error({ err: error.cause }, 'a session failed because of an error in the proxy');
  }

  clientPart(session: Session): ClientPart {
    session.auditPart ??= this.audit.clientPart({
      tenant: session.database.tenant,
      database: session.database.name,
      user: session.client.identity.user,
      address: session.client.isLocal ? 'local' : `${session.client.address}:${session.client.socket.remotePort}`,
      application: session.applicationName,
    });
    return session.auditPart;
  }

  #recorded(statement: Statement): Recorded {
    statement.recorded ??= this.#shared(statement);
    return statement.recorded;
  }

  /** Texts of one shape, and of one verdict where there are verdicts, share what is recorded of them. */
  #shared(statement: Statement): Recorded {
    const { text, judgement } = statement;
    if (this.audit.keepsTexts || text === null) return this.#describe(statement, 'allow');
    if (judgement.version > 0) {
      const known = this.#ofJudgement.get(judgement);
      if (known !== undefined) return known;
      const described = this.#describe(statement, 'allow');
      this.#ofJudgement.set(judgement, described);
      return described;
    }
    const shape = shapeOf(text);
    if (shape === null) return this.#describe(statement, 'allow');
    const known = this.#byShape.get(shape) ?? this.#describe(statement, 'allow', shape);
    this.#byShape.set(shape, known);
    return known;
  }

  #describe(statement: Statement, verdict: 'allow' | 'deny', knownShape?: string): Recorded {
    const { text, effects, judgement } = statement;
    const shape = knownShape ?? (text === null ? null : shapeOf(text));
    const { rules, relations, template } = judgement;
    const actions = judgement.actions.length > 0 || effects.first === '' ? judgement.actions : [effects.first];
    const isOne = effects.statements === null || effects.statements.length <= 1;
    return {
      part: this.audit.statementPart({
        actions,
        relations,
        shape,
        text,
        verdict,
        rules,
        isRewritten: template !== null,
      }),
      kind: statementKindIndex(isOne ? effects.first || 'other' : 'several'),
      verdicts: rules.map((rule) => this.metrics.verdict(verdict, rule)),
    };
  }
}

/** A firewall that learns takes it from here, and one that enforces counts it. */
function noteRun({ judging }: Session, { text, judgement: { fingerprint } }: Statement): void {
  if (fingerprint !== null) judging?.gate?.ran(fingerprint, text);
}
