import { backend, frontend } from '../../../protocol/message-types.js';
import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import type { UpstreamRequest } from '../../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { errorResponse } from '../error-response.js';
import { failBatch, failTransaction } from '../refuse.js';
import type { Session } from '../session.js';
import type { Run } from '../statements/run.js';

/** Where a statement's result is cut because it is larger than it may be; then the server is told to stop. */
export function endWithinLimit(session: Session, buffer: Buffer, start: number, end: number): number {
  const meter = session.limited?.meter ?? null;
  if (meter === null) return end;
  const within = meter.pass(buffer, start, end);
  if (meter.isOver) {
    const request = session.attachment.connection?.queue.head;
    if (request !== undefined) request.dropsRows = true;
    session.cancelRun();
  }
  return within;
}

/** A reply to a statement whose result is counted. True: the reply isn't the client's. */
export function onLimitedReply(
  session: Session,
  run: Run,
  request: UpstreamRequest,
  type: number,
  buffer: Buffer,
  start: number,
): boolean {
  const { meter } = run;
  if (meter?.isOver !== true) {
    if (endsLimited(request, type)) unlimit(session);
    else if (type === backend.CommandComplete) run.meter = meter?.anew() ?? null;
    return false;
  }
  if (!run.isRefused && (type === backend.ErrorResponse || type === backend.CommandComplete)) {
    run.isRefused = true;
    session.recordRun(run, 0, '54000');
    session.inParts?.fail();
    session.toClient(errorResponse(new ProxyError('statementTooLarge', meter.message)));
  }
  if (!endsLimited(request, type)) return true;
  const isFailed = type === backend.ErrorResponse;
  const isOpen = type === backend.ReadyForQuery && buffer[start + 5] === transactionStatus.open;
  // The server has done what the client is told has failed: so that what comes next fails there too.
  if (request.request === frontend.Execute && !isFailed) failBatch(session);
  if (isOpen) failTransaction(session);
  unlimit(session);
  return type !== backend.ReadyForQuery || isOpen;
}

function unlimit(session: Session): void {
  session.limited = null;
  // Not before the reply at hand has gone its way.
  setImmediate(() => session.wake());
}

/** The last reply to a statement whose result is counted. COPY FROM gives nothing, and needs what its client sends. */
function endsLimited({ request }: UpstreamRequest, type: number): boolean {
  if (type === backend.CopyInResponse) return true;
  if (request === frontend.Query) return type === backend.ReadyForQuery;
  const isEnd = type === backend.CommandComplete || type === backend.EmptyQueryResponse;
  return isEnd || type === backend.PortalSuspended || type === backend.ErrorResponse;
}
