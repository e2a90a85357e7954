import type { ProxyError } from '../../errors/proxy-error.js';
import type { Session } from '../session.js';
import { outdated } from '../statements/kept-verdicts.js';
import type { ClientStatement, Statement } from '../statements/statement.js';
import { isOutdated } from '../statements/statement-of.js';
import { judgedAgain, upToDate } from './judged-again.js';
import { namesInText } from './named-in-text.js';

/**
 * What a text executes was judged when it was prepared, and is judged again where what that went by has changed. Gives the
 * text's statement if it may be sent, why it may not, or null: a verdict is being made, and the session is woken then.
 * @param needs what it executes, where that is fixed already
 */
export function executedNow(
  session: Session,
  statement: Statement,
  needs: ClientStatement | null = null,
): Statement | ProxyError | null {
  if (session.judging === null || !statement.judgement.uses.includes('statements')) return statement;
  const named = needs === null ? namesInText(session, statement) : null;
  const executed = named === null ? needs : upToDate(session, named.name, named.prepared);
  if (named !== null && executed === null) return null;
  const why = executed === null ? whyNotBySql(session, statement) : whyNot(session, executed);
  return why === 'pending' ? null : (why ?? statement);
}

/** Why what another executes may not be sent as it is; null: it may. What it executes itself was fixed when it was prepared. */
function whyNot(session: Session, prepared: ClientStatement): ProxyError | 'pending' | null {
  const { statement: before, needs } = prepared;
  const now = isOutdated(session, before) ? judgedAgain(session, prepared)?.statement : before;
  if (now === undefined) return 'pending';
  const { refusal, uses } = now.judgement;
  if (refusal !== null || now.sent !== before.sent) return refusal ?? outdated('statements');
  if (!uses.includes('statements')) return null;
  return needs === null ? whyNotBySql(session, now) : whyNot(session, needs);
}

/** The same of what SQL's PREPARE has prepared: its names are the upstream's own, and anything of the text may execute one. */
function whyNotBySql(session: Session, { judgement, effects }: Statement): ProxyError | 'pending' | null {
  const { judging, names, attachment, statements } = session;
  if (judging === null) return null;
  if (attachment.hasClientNames) {
    for (const [, prepared] of statements) if (isOutdated(session, prepared.statement)) return outdated('statements');
  }
  const isKept = names.kept.judgedAgain(judging, effects, judgement.version, names.now(attachment.settings), () => {
    session.wake();
  });
  if (isKept === null) return 'pending';
  return isKept ? null : outdated('statements');
}
