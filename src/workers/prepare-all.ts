import type { AuditEvent } from '../audit/audit-event.js';
import type { Config } from '../config/config.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { Member } from './crew.js';
import type { Prepared } from './messages.js';

const prepareWithinMs = 30_000;

/**
 * Has all workers make ready for a configuration, or none. Gives what it changes in policies.
 *
 * @throws ProxyError with what is wrong with it
 */
export async function prepareAll(members: readonly Member[], config: Config): Promise<readonly AuditEvent[]> {
  const answers = await Promise.all(members.map((member) => prepare(member, config)));
  let policyEvents: readonly AuditEvent[] = [];
  for (const answer of answers) {
    if ('policyEvents' in answer) {
      policyEvents = answer.policyEvents;
      continue;
    }
    abandonAll(members);
    throw new ProxyError('configInvalid', answer.problem);
  }
  return policyEvents;
}

/** What they were made ready for will not come into force. */
export function abandonAll(members: readonly Member[]): void {
  for (const { channel } of members) channel.tell({ kind: 'abandon' });
}

function prepare(member: Member, config: Config): Promise<Prepared> {
  return member.channel.ask({ kind: 'prepare', config }, prepareWithinMs).then(
    (answer) => answer as Prepared,
    // Who takes the place of one that has ended starts with what holds then.
    () => (member.channel.isClosed ? { policyEvents: [] } : { problem: 'a worker does not answer' }),
  );
}
