import { nextParseTime } from '../../pool/upstream-statements.js';
import type { Session } from '../session.js';
import type { ClientStatement, Statement } from '../statements/statement.js';
import { isOutdated, statementOf } from '../statements/statement-of.js';
import { parameterTypesIn, restToSend } from './parse-body.js';
import { statementName } from './statement-name.js';

/**
 * What a client has prepared under a name, as it may be used now: its verdict may be a refusal. Null: a verdict is being
 * made, and the session is woken when it is there.
 */
export function upToDate(session: Session, name: string, prepared: ClientStatement): ClientStatement | null {
  if (!isOutdated(session, prepared.statement)) return prepared;
  const again = judgedAgain(session, prepared);
  if (again?.statement.judgement.refusal === null) session.statements.set(name, again);
  return again;
}

/**
 * A prepared statement by what it is judged by now, refused perhaps, or another one upstream. Null: a verdict is being
 * made, and the session is woken when it is there.
 */
export function judgedAgain(session: Session, prepared: ClientStatement): ClientStatement | null {
  const statement = statementOf(session, prepared.statement.text as string, parameterTypesIn(prepared.rest));
  return statement === null ? null : rejudged(session, prepared, statement);
}

function rejudged(session: Session, prepared: ClientStatement, statement: Statement): ClientStatement {
  const { upstreamName: before, asked, statement: old } = prepared;
  const isRefused = statement.judgement.refusal !== null;
  if (isRefused || asked === null || statement.sent === old.sent) return { ...prepared, statement };
  const changed = restToSend(asked, statement, null);
  const isOurName = before !== '' && !session.attachment.hasClientNames;
  const settingsKey = session.attachment.settings.parsingKey;
  const upstreamName = isOurName ? statementName(changed, settingsKey) : before;
  const names = { upstreamName, settingsKey, shared: undefined };
  return { ...prepared, ...names, statement, rest: changed, parseTime: nextParseTime() };
}
