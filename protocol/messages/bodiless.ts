import { backend, frontend } from '../message-types.js';
import { ProtocolError } from '../protocol-error.js';

/*
 * The messages that are their type alone, as whole frames. They are shared and must not be written to.
 */

/** Client: end of a batch; the server answers ReadyForQuery. */
export const syncFrame = bodilessFrame(frontend.Sync);
/** Client: send now what has been answered so far. */
export const flushFrame = bodilessFrame(frontend.Flush);
/** Client: goodbye. */
export const terminateFrame = bodilessFrame(frontend.Terminate);
/** Either side: the end of a COPY's data. */
export const copyDoneFrame = bodilessFrame(frontend.CopyDone);

export const parseCompleteFrame = bodilessFrame(backend.ParseComplete);
export const bindCompleteFrame = bodilessFrame(backend.BindComplete);
export const closeCompleteFrame = bodilessFrame(backend.CloseComplete);
/** The statement or portal gives no rows. */
export const noDataFrame = bodilessFrame(backend.NoData);
/** Execute's row limit was reached. */
export const portalSuspendedFrame = bodilessFrame(backend.PortalSuspended);
/** Instead of CommandComplete for a text without a statement. */
export const emptyQueryResponseFrame = bodilessFrame(backend.EmptyQueryResponse);

/** Throws `ProtocolError` 08P01, as PostgreSQL for Sync and Flush, when there is a body after all. */
export function expectNoBody(body: Buffer): void {
  if (body.length > 0) throw new ProtocolError('08P01', 'invalid message format');
}

function bodilessFrame(type: number): Buffer {
  return Buffer.of(type, 0, 0, 0, 4);
}
