import { MessageWriter } from '../../protocol/message-writer.js';
import { encodeParameterStatus } from '../../protocol/messages/parameter-status.js';

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

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one.toLowerCase() < other.toLowerCase() ? -1 : 1;
}
