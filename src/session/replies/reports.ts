import { backend } from '../../../protocol/message-types.js';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeParameterStatus } from '../../../protocol/messages/parameter-status.js';
import type { ReplyOwner } from '../../backend/postgres/postgres-upstream.js';

/**
 * What a client has to be told that knows of one state of a server's parameters and hasn't heard of another: ParameterStatus
 * messages, by name, as PostgreSQL has them up to 15.
 */
export function reportsSince(
  told: ReadonlyMap<string, string>,
  reported: ReadonlyMap<string, string>,
  isMeant: (name: string) => boolean = () => true,
): readonly Buffer[] {
  const changed = [...reported].filter(([name, value]) => isMeant(name) && told.get(name) !== value);
  return changed.sort(byName).map(([name, value]) => {
    const writer = new MessageWriter();
    encodeParameterStatus(writer, { name, value });
    return writer.take();
  });
}

/** Tells reports that were kept back, as if they came from the server now. */
export function tellReports(owner: ReplyOwner, reports: readonly Buffer[]): void {
  for (const report of reports) owner.onAsync(backend.ParameterStatus, report, 0, report.length);
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one.toLowerCase() < other.toLowerCase() ? -1 : 1;
}
