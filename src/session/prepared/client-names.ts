import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import type { PooledUpstream } from '../../pool/pooled-upstream.js';
import type { Session } from '../session.js';
import { Assumption } from '../statements/run.js';
import { prepareUpstream, sendClose } from './prepare-upstream.js';
import { isOurName } from './statement-name.js';

/**
 * A statement is about to look at what its session has prepared. From now on the client keeps its upstream, which has
 * what the client has prepared, under the client's names, and nothing else. Gives whether anything is sent that may
 * fail, and `onAnswer` is told how that went.
 */
export function showClientNames(session: Session, upstream: PooledUpstream, onAnswer?: Assumption): boolean {
  const { attachment, database, statements } = session;
  // Under a policy nobody sees what was prepared by Parse.
  if (attachment.isForSession || database.isPoliced) return false;
  // Nothing can be prepared there, and nothing looked at.
  if (upstream.connection.status === transactionStatus.failed) return false;
  attachment.keepNames();
  const ours = [...statements].filter(([, { upstreamName }]) => isOurName(upstreamName));
  // What was too large to be held can't be parsed again.
  const unheld = new Set(ours.filter(([, { asked }]) => asked === null).map(([, { upstreamName }]) => upstreamName));
  for (const name of upstream.statements.names) {
    if (isOurName(name) && !unheld.has(name)) closeOurs(session, upstream, name);
  }
  const renamed = ours.filter(([, { asked }]) => asked !== null);
  for (const [at, [name, prepared]] of renamed.entries()) {
    const own = { ...prepared, upstreamName: name, rest: prepared.asked, needs: null, shared: undefined };
    statements.set(name, own);
    const undo = (isSkipped: boolean) => {
      if (isSkipped && statements.get(name) === own) statements.set(name, prepared);
      onAnswer?.undo(isSkipped);
    };
    const confirm = at === renamed.length - 1 ? onAnswer?.confirm : undefined;
    prepareUpstream(session, upstream, own, new Assumption(undo, null, confirm));
  }
  return renamed.length > 0;
}

function closeOurs(session: Session, upstream: PooledUpstream, name: string): void {
  upstream.statements.forget(name);
  sendClose(session, upstream, name, new Assumption(() => upstream.statements.add(name, 0)));
}
