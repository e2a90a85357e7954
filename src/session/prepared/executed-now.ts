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
  const { judging, names, attachment, statements } = session;
  const { judgement, effects } = statement;
  if (judging === null || !judgement.uses.includes('statements')) return statement;
  const named = namesInText(session, statement);
  if (needs !== null) return isAsBefore(session, needs, statement);
  if (named !== null) {
    const executed = upToDate(session, named.name, named.prepared);
    return executed === null ? null : (executed.statement.judgement.refusal ?? statement);
  }
  // Its names are the upstream's own, and anything of the text may execute one.
  if (attachment.hasClientNames) {
    for (const [, prepared] of statements) if (isOutdated(session, prepared.statement)) return outdated('statements');
  }
  const isKept = names.kept.judgedAgain(judging, effects, judgement.version, names.now(attachment.settings), () => {
    session.wake();
  });
  if (isKept === null) return null;
  return isKept ? statement : outdated('statements');
}

function isAsBefore(session: Session, needs: ClientStatement, statement: Statement): Statement | ProxyError | null {
  if (!isOutdated(session, needs.statement)) return statement;
  const again = judgedAgain(session, needs);
  if (again === null) return null;
  const { refusal } = again.statement.judgement;
  if (refusal !== null) return refusal;
  return again.statement.sent === needs.statement.sent ? statement : outdated('statements');
}
