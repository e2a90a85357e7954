import { backend, frontend } from '../../../protocol/message-types.js';
import { closeCompleteFrame, noDataFrame } from '../../../protocol/messages/bodiless.js';
import { decodeErrorResponse } from '../../../protocol/messages/error-response.js';
import { decodeParameterStatus } from '../../../protocol/messages/parameter-status.js';
import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import type {
  PostgresUpstream,
  ReplyOwner,
  UpstreamLoss,
  UpstreamRequest,
} from '../../backend/postgres/postgres-upstream.js';
import { smellsOfChange } from '../../catalog/smells-of-change.js';
import type { CatalogFeed } from '../../judge/catalog-feed.js';
import { signNotification } from '../../pool/notifications.js';
import { errorFrame } from '../error-response.js';
import { statementNamePrefix } from '../prepared/statement-name.js';
import { readyFrame } from '../ready-frames.js';
import type { Session } from '../session.js';
import { carriesOutSignal, tellSignalled } from '../signals.js';
import { Assumption, addsRows, Deallocation, Mention, Refusal, type RequestNote, Run } from '../statements/run.js';
import { endWithinLimit, onLimitedReply } from './limited-replies.js';
import { lossFrame } from './loss-frame.js';
import { rowsOf, sqlstateOf } from './reply-fields.js';
import { toldError, toldLoss, toldNotice } from './withholding.js';

/** Takes what the upstream answers to a client's requests, and passes it on. */
export class ClientReplies implements ReplyOwner<RequestNote> {
  readonly #session: Session;
  /** Bytes that came for a client that is gone. */
  #unreadBytes = 0;
  /** Something in this transaction has changed the catalog, or may have. */
  #hasDefined = false;
  /** What the server couldn't signal was signalled: the row that comes next says that it wasn't. */
  #hasSignalled = false;

  constructor(session: Session) {
    this.#session = session;
  }

  onBytes(buffer: Buffer, start: number, allEnd: number): void {
    const end = endWithinLimit(this.#session, buffer, start, allEnd);
    if (this.#hasSignalled) {
      this.#hasSignalled = false;
      tellSignalled(buffer, start);
    }
    this.#session.toClient(buffer, start, end);
    this.#session.copying.run?.countCopied(end - start);
    if (this.#session.phase !== 'closed') return;
    // Rows for nobody: a server that writes to a reset connection gives the statement up.
    this.#unreadBytes += end - start;
    if (this.#unreadBytes > unreadBytesMax) this.#session.attachment.connection?.destroy();
  }

  onReply(request: UpstreamRequest<RequestNote>, type: number, buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    if (session.limited !== null && onLimitedReply(session, session.limited, request, type, buffer, start)) return;
    switch (type) {
      case backend.ErrorResponse:
        return this.#onError(request, buffer, start, end);
      case backend.ParseComplete:
      case backend.CloseComplete:
        if (request.note instanceof Assumption) request.note.confirm();
        break;
      case backend.CommandComplete:
        this.#onCommandComplete(request, buffer, start, end);
        if (session.inParts?.keepsTag(buffer.subarray(start, end))) return;
        break;
      case backend.RowDescription:
        if (!addsRows(request.note)) break;
        if (request.request === frontend.Describe) session.toClient(noDataFrame);
        return session.onAnswered();
      case backend.PortalSuspended:
        if (request.note instanceof Run) session.recordRun(request.note, request.note.rowsMax, null);
        break;
      case backend.EmptyQueryResponse:
      case backend.FunctionCallResponse:
        if (request.note instanceof Run) session.recordRun(request.note, 0, null);
        break;
      case backend.CopyInResponse:
        noteCopy(session, request.note);
        session.enterCopyIn(request.request);
        break;
      case backend.CopyOutResponse:
        noteCopy(session, request.note);
        break;
      case backend.CopyBothResponse:
        session.isStreaming = true;
        break;
      case backend.ReadyForQuery: {
        const status = buffer[start + 5] as number;
        if (session.attachment.isReset && this.#holdReady(status)) return;
        return this.#onReady(status, buffer, start, end);
      }
    }
    if (request.disposition === 'forward') session.toClient(buffer, start, end);
    session.onAnswered();
    if (letsGoOn.has(type) || session.names.awaitsReplies) session.wake();
  }

  /** True: the client hears that the server is ready when its start-up settings are. */
  #holdReady(status: number): boolean {
    return this.#session.attachment.restore(status, () => this.#onReady(status, readyFrame(status)));
  }

  #onReady(status: number, buffer: Buffer, start = 0, end = buffer.length): void {
    const session = this.#session;
    this.#noteDefinitions(status);
    if (session.inParts?.onReady(status)) return session.onReadyForQuery(status);
    if (session.listening?.onReady(status)) return;
    session.toClient(buffer, start, end);
    session.onReadyForQuery(status);
  }

  onAsync(type: number, buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    if (type === backend.ParameterStatus) {
      const { name, value } = decodeParameterStatus(buffer.subarray(start + 5, end));
      if (session.attachment.keepsReport(name) || session.inParts?.keepsReports) return;
      if (name === 'application_name') noteApplicationName(session, value);
    }
    if (type === backend.NotificationResponse) {
      if (session.listening?.takesOver(buffer, start)) return;
      signNotification(buffer, start, (processId) => session.database.pool.toldProcessId(processId));
    }
    if (type === backend.NoticeResponse) return this.#passNotice(buffer, start, end);
    session.toClient(buffer, start, end);
  }

  #passNotice(buffer: Buffer, start: number, end: number): void {
    const { connection } = this.#session.attachment;
    const head = connection?.queue.head;
    const note = head !== undefined && this.#isOwn(head) ? head.note : null;
    const isCarriedOut = carriesOutSignal(this.#session, note, buffer.subarray(start + 5, end));
    if (typeof isCarriedOut === 'boolean') return this.#afterSignal(isCarriedOut, note, buffer, start, end);
    const notice = Buffer.from(buffer.subarray(start, end));
    connection?.hold();
    void isCarriedOut.then((isDone) => {
      this.#afterSignal(isDone, note, notice);
      connection?.goOn();
    });
  }

  /** Not a question of ours between the client's. */
  #isOwn(request: UpstreamRequest): request is UpstreamRequest<RequestNote> {
    return request.owner === this;
  }

  #afterSignal(isCarriedOut: boolean, note: RequestNote, buffer: Buffer, start = 0, end = buffer.length): void {
    const session = this.#session;
    if (isCarriedOut) {
      this.#hasSignalled = true;
      return;
    }
    if (!session.database.isPoliced) return session.toClient(buffer, start, end);
    if (session.inParts?.isOurNotice) return;
    const told = toldNotice(note, buffer.subarray(start, end));
    if (told !== null) session.toClient(told);
  }

  /** The one reply that is made by us in its turn: that of a Close of a statement. */
  onTurn({ note }: UpstreamRequest<RequestNote>): void {
    if (note instanceof Assumption) note.confirm();
    this.#session.toClient(closeCompleteFrame);
    this.#session.wake();
  }

  onSkipped(request: UpstreamRequest<RequestNote>): void {
    const session = this.#session;
    const { note } = request;
    undo(note, true);
    if (request.request === frontend.Query || request.request === frontend.FunctionCall) session.openExchanges -= 1;
    const isDropping = note instanceof Run || note instanceof Refusal;
    if (!isDropping || note.unnamedBefore === undefined || session.statements.has('')) return;
    session.statements.set('', note.unnamedBefore);
  }

  onLost(loss: UpstreamLoss, upstream: PostgresUpstream, unanswered: readonly UpstreamRequest<RequestNote>[]): void {
    const session = this.#session;
    if (session.attachment.connection !== upstream) return;
    for (const { note } of unanswered.toReversed()) {
      undo(note, true);
      if (!(note instanceof Run)) continue;
      note.isLost = true;
      session.recordRun(note, 0, loss.lastWords?.sqlstate ?? '08006');
    }
    const { isAtStake } = session.attachment;
    session.attachment.lose();
    if (session.phase === 'closed') return;
    if (session.isLeaving && loss.lastWords === null) return session.end('the client said goodbye');
    if (loss.isMidMessage) return session.end('the upstream was lost within a message');
    const told = session.database.isPoliced ? toldLoss(loss, unanswered) : loss;
    const isWholeStatement =
      session.phase === 'ready' && session.openExchanges === 1 && upstream.status === transactionStatus.idle;
    if (!isWholeStatement || isAtStake || endsSession.has(loss.lastWords?.sqlstate ?? '')) {
      return session.endWith(lossFrame(told, 'FATAL', session.isTimedOut), 'upstream lost');
    }
    session.failExchange(lossFrame(told, 'ERROR', session.isTimedOut));
  }

  #onError(request: UpstreamRequest<RequestNote>, buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    const { note } = request;
    const passed = this.#asClientSees(note, buffer, start, end);
    const isRefusal = note instanceof Refusal && !(note.yields && isFailedBefore(buffer.subarray(start + 5, end)));
    if (!isRefusal) noteChange(session.database.catalog, buffer.subarray(start + 5, end));
    undo(note, false);
    if (note instanceof Run)
      session.recordRun(note, 0, sqlstateOf(passed?.subarray(5) ?? buffer.subarray(start + 5, end)));
    session.copying.onFailed();
    session.inParts?.fail();
    session.listening?.onError();
    if (isRefusal) session.toClient(note.error);
    else if (passed === null) session.toClient(buffer, start, end);
    else session.toClient(passed);
    session.onAnswered();
    // What waited for a statement that the server has skipped waits no more.
    session.wake();
  }

  /** Passes an error on, in words that the client understands. */
  passError(note: RequestNote, buffer: Buffer, start: number, end: number): void {
    const passed = this.#asClientSees(note, buffer, start, end);
    if (passed === null) this.#session.toClient(buffer, start, end);
    else this.#session.toClient(passed);
  }

  /** Null: as it is. */
  #asClientSees(note: RequestNote, buffer: Buffer, start: number, end: number): Buffer | null {
    const session = this.#session;
    const told = session.database.isPoliced
      ? toldError(note, buffer.subarray(start + 5, end), session.inParts?.charsBefore ?? 0)
      : null;
    const renamed = this.#withClientNames(told ?? buffer.subarray(start, end), note) ?? told;
    if (!session.isTimedOut) return renamed;
    const fields = decodeErrorResponse((renamed ?? buffer.subarray(start, end)).subarray(5));
    if (fields.sqlstate !== '57014') return renamed;
    return errorFrame({ ...fields, message: 'canceling statement due to statement timeout' });
  }

  /** The upstream's names of prepared statements mean nothing to the client. Null: there are none in the error. */
  #withClientNames(frame: Buffer, note: RequestNote): Buffer | null {
    if (!frame.includes(statementNamePrefix, 0, 'latin1')) return null;
    const fields = decodeErrorResponse(frame.subarray(5));
    let { message } = fields;
    // What the request was about may have another name by now, or none.
    const named =
      note instanceof Mention ? note : note instanceof Run || note instanceof Assumption ? note.named : null;
    if (named !== null && named.upstreamName !== '') message = message.replaceAll(named.upstreamName, () => named.name);
    for (const [name, { upstreamName }] of this.#session.statements) {
      if (upstreamName !== '' && message.includes(upstreamName)) message = message.replaceAll(upstreamName, () => name);
    }
    return errorFrame({ ...fields, message });
  }

  /** A shape that runs fast and gives little goes to a shared lane after a few times. */
  #onRan(run: Run, rows: number): void {
    const session = this.#session;
    const durationMs = session.recordRun(run, rows, null);
    const { lanes } = session.database;
    const judgement = run.statement?.judgement;
    if (!lanes.isOn || judgement?.isShareable !== true) return;
    lanes.ranPinned(judgement, durationMs, session.sentBytes - run.bytesBefore);
  }

  /** What was defined is seen by others once it is committed. */
  #noteDefinitions(status: number): void {
    if (status === transactionStatus.idle) this.#session.names.onIdle();
    if (!this.#hasDefined || status !== transactionStatus.idle) return;
    this.#hasDefined = false;
    this.#session.database.lanes.onCatalogChanged();
    this.#session.database.catalog?.distrust();
  }

  #onCommandComplete(request: UpstreamRequest<RequestNote>, buffer: Buffer, start: number, end: number): void {
    const session = this.#session;
    const { note } = request;
    this.#hasSignalled = false;
    if (note instanceof Run) {
      this.#onRan(note, rowsOf(buffer, end));
      session.listening?.onCompleted(note, buffer.toString('latin1', start + 5, end - 1));
      note.completed += 1;
      request.dropsRows = addsRows(note);
    }
    if (mayDefine(note, buffer, start)) {
      this.#hasDefined = true;
      if (session.database.isPoliced) session.names.onDefined();
    }
    // D: DISCARD ALL and DEALLOCATE among other statements drop those that were prepared by Parse as well.
    if (note instanceof Deallocation) note.freed.confirm();
    else if (buffer[start + 5] === 0x44) {
      const tag = buffer.toString('latin1', start + 5, end - 1);
      if (tag === 'DEALLOCATE' && note instanceof Run) forgetDeallocated(session, note);
      if (tag !== 'DISCARD ALL' && tag !== 'DEALLOCATE ALL') return;
      session.statements.clear();
      session.attachment.upstream?.statements.distrust();
    }
  }
}

/** One of several statements of a text has deallocated: where the client's names are the upstream's, what Parse has prepared. */
function forgetDeallocated({ attachment, statements }: Session, { statement, completed }: Run): void {
  const name = statement?.effects.statements?.[completed - 1]?.target;
  if (name == null || !attachment.hasClientNames) return;
  statements.delete(name);
  attachment.upstream?.statements.forget(name);
}

function noteApplicationName(session: Session, value: string): void {
  session.applicationName = value;
  session.auditPart = null;
}

/** The server has lost its place in what the client sent, or the client has set a limit to its transactions. */
const endsSession: ReadonlySet<string> = new Set(['08P01', '25P04']);

/** After these it is certain what a name means, or what a message does. */
const letsGoOn: ReadonlySet<number> = new Set([
  backend.ParseComplete,
  backend.CloseComplete,
  backend.CommandComplete,
  backend.CopyInResponse,
]);

/** What was taken for granted is taken back. */
function undo(note: RequestNote, isSkipped: boolean): void {
  if (note instanceof Assumption) note.undo(isSkipped);
  else if (note instanceof Deallocation) note.freed.undo(isSkipped);
}

/** What is temporary is its session's own business, and ties it to its upstream. */
const makesTemporary = /^\s*create\s+(?:(?:local|global)\s+)?temp/i;

/** Whether the catalog may be another after what has completed. CREATE TABLE AS has the tag of a query. */
function mayDefine(note: RequestNote, buffer: Buffer, start: number): boolean {
  const statement = note instanceof Run ? note.statement : null;
  if (statement?.effects.first !== 'create' && !isDefinition(buffer, start)) return false;
  const isOne = statement?.effects.statements?.length === 1;
  return !isOne || !makesTemporary.test(statement?.text ?? '');
}

/** Whether a command tag is of CREATE, ALTER, DROP, DO, CALL or IMPORT: by its first two letters. */
function isDefinition(buffer: Buffer, start: number): boolean {
  return definitions.has(buffer.readUInt16BE(start + 5));
}

const definitions = new Set(['CR', 'AL', 'DR', 'DO', 'CA', 'IM'].map((tag) => Buffer.from(tag).readUInt16BE()));

/** What the server has against a statement may be that something has changed since it was judged. */
function noteChange(catalog: CatalogFeed | null, body: Buffer): void {
  if (catalog === null) return;
  const { sqlstate, message } = decodeErrorResponse(body);
  if (smellsOfChange(sqlstate, message)) catalog.hurry();
}

/** in_failed_sql_transaction */
function isFailedBefore(body: Buffer): boolean {
  return sqlstateOf(body) === '25P02';
}

const unreadBytesMax = 1024 * 1024;

/** The data of a COPY follows, in or out. */
function noteCopy(session: Session, note: RequestNote): void {
  if (!(note instanceof Run)) return;
  note.copyBytes = 0;
  session.copying.run = note;
}
