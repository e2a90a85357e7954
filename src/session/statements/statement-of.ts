import { ProxyError } from '../../errors/proxy-error.js';
import type { SessionJudge, SessionNames } from '../../judge/judge.js';
import { allowed, type Judgement } from '../../judge/judgement.js';
import { sentText } from '../../judge/rewriting.js';
import { controlsTransaction, type SessionEffects, sessionEffects, unknownEffects } from '../../sql/session-effects.js';
import { type KeyedText, keyOf } from '../../sql/shape.js';
import type { ServedDatabase } from '../databases/served-database.js';
import { statementNamePrefix } from '../prepared/statement-name.js';
import type { Session } from '../session.js';
import { KnownEffects } from './known-effects.js';
import { type Statement, textless } from './statement.js';

/** They are the texts' alone, whoever sends them. */
const knownEffects = new KnownEffects();

const tooLarge: Judgement = {
  ...allowed,
  refusal: new ProxyError('statementTooLarge', 'the statement is too long to be checked against the policy'),
};

/**
 * What is known of the text in the message in hand. Null: a verdict is being made, and the session is woken when it is
 * there.
 * @param parameterTypes as Parse has them
 */
export function statementOf(session: Session, text: string, parameterTypes?: readonly number[]): Statement | null {
  const { judging, verdict } = session;
  const inHand = verdict.of(judging, text);
  if (inHand !== null && !(verdict.isLate && isOutdated(session, inHand))) return inHand;
  const keyed = judging === null ? null : keyOf(text);
  const effects = effectsOf(session, text, keyed);
  if (judging === null) return statement(text, keyed, effects, namesOurs(text) ?? allowed);
  if (judging.policies === null) {
    const names = session.names.now(session.attachment.settings);
    const judgement = namesOurs(text) ?? glance(judging, text, keyed, effects, names);
    return statement(text, keyed, effects, judgement, names.key);
  }
  const isControl = isOnlyControl(effects);
  if (!isControl && !session.names.isCertain(session, judging)) return null;
  const { refusal } = session.names;
  if (!isControl && refusal !== null) return statement(text, keyed, effects, { ...allowed, refusal });
  const names = session.names.now(session.attachment.settings);
  const namesKey = isControl ? null : names.key;
  const judgement = judging.judge(text, keyed, isControl ? withoutOwn(names) : names, parameterTypes);
  if (!(judgement instanceof Promise))
    return statement(text, keyed, effects, admitted(session, judging, text, judgement), namesKey);
  if (!verdict.isBeingMade) {
    verdict.isBeingMade = true;
    judgement.then((found) => {
      verdict.isBeingMade = false;
      verdict.take(judging, statement(text, keyed, effects, admitted(session, judging, text, found), namesKey));
      session.wake();
    });
  }
  return null;
}

/** Names nothing, and may be the way out of a transaction in which nothing can be judged. */
function isOnlyControl({ statements }: SessionEffects): boolean {
  return statements?.length === 1 && controlsTransaction(statements[0]?.command ?? '');
}

function withoutOwn(names: SessionNames): SessionNames {
  return names.catalog === null ? names : { ...names, catalog: null };
}

function statement(
  text: string,
  keyed: KeyedText | null,
  effects: SessionEffects,
  judgement: Judgement,
  namesKey: string | null = null,
): Statement {
  const { template, runsTriggers } = judgement;
  const sent = template === null ? null : sentText(template, keyed);
  const literals = keyed?.literals ?? null;
  const left: SessionEffects = runsTriggers ? { ...effects, effect: 'unknown' } : effects;
  return { text, literals, effects: left, judgement, namesKey, sent, recorded: null };
}

/** What the policy allows must be known to its firewall as well, and use nothing that another policy allowed. */
function admitted({ names }: Session, judging: SessionJudge, text: string, judgement: Judgement): Judgement {
  const { gate, policies } = judging;
  const { refusal, fingerprint, uses } = judgement;
  if (refusal === null && uses.length > 0) {
    const outdated = names.kept.refusal(uses, policies?.key ?? '', judgement.version);
    if (outdated !== null) return { ...judgement, refusal: outdated };
  }
  if (gate === null || refusal !== null || fingerprint === null || gate.admits(fingerprint, text)) return judgement;
  const message = 'permission denied: the firewall does not know this statement';
  return {
    ...judgement,
    refusal: new ProxyError('policyDenied', message, { detail: `Its fingerprint is ${fingerprint}.` }),
  };
}

/** Longer texts than this aren't looked at for a shared lane. */
const glanceCharsMax = 16_384;

/** Without a policy all is allowed; whether a shared lane may run it is found out beside, for the next time. */
function glance(
  judging: SessionJudge,
  text: string,
  keyed: KeyedText | null,
  { first, effect }: SessionEffects,
  names: SessionNames,
): Judgement {
  if (effect !== 'none' || !queryCommands.has(first) || text.length > glanceCharsMax) return allowed;
  const judgement = judging.glance(text, keyed, names);
  return judgement === null || judgement.refusal !== null ? allowed : judgement;
}

const queryCommands: ReadonlySet<string> = new Set(['select', 'values', 'table', 'with']);

/** As `statementOf`. The same texts are prepared again and again, so what is known of them is kept. */
export function statementToPrepare(
  session: Session,
  text: string,
  parameterTypes: readonly number[],
): Statement | null {
  const { judge, prepared } = session.database;
  if (judge !== null) return statementOf(session, text, parameterTypes);
  const known = prepared.get(text);
  if (known !== undefined) return known;
  const statement = statementOf(session, text);
  if (statement !== null) prepared.set(text, statement);
  return statement;
}

/** A text that is too large to be held: a tenant with a policy refuses it, another can't tell what it does. */
export function largeStatement(database: ServedDatabase): Statement {
  return textless(database.isPoliced ? tooLarge : allowed);
}

/** A FunctionCall message, as it is written down. */
export function functionCallStatement(): Statement {
  return textless(allowed, { ...unknownEffects, first: 'function' });
}

/** A statement is about to be sent. */
export function noteSent({ names, judging, attachment, portals }: Session, statement: Statement): void {
  const { effects, judgement } = statement;
  const policies = judging?.policies?.key ?? '';
  if (policies !== '') names.onSent(effects);
  if (policies !== '' && mayDeclare(effects)) for (const [, portal] of portals) portal.mayBeCursor = true;
  const { keeps } = judgement;
  if (keeps.length > 0) names.kept.note(keeps, statement, policies, names.now(attachment.settings));
}

function mayDeclare({ effect, statements }: SessionEffects): boolean {
  return effect === 'unknown' || (statements?.some(({ command }) => command === 'declare') ?? true);
}

/** Whether what the statement was judged by has changed since. */
export function isOutdated(session: Session, statement: Statement): boolean {
  if (!session.database.isPoliced) return false;
  const { judging, names, attachment } = session;
  const { judgement, text, effects, namesKey } = statement;
  if (judging === null) return true;
  if (namesKey !== null && (names.isStale || !names.areStill(namesKey, attachment.settings))) return true;
  const version = isOnlyControl(effects) ? judging.version : names.versionNow(session, judging);
  if (judgement.version !== version) return true;
  // Somebody may have dropped it since.
  return text !== null && judgement.refusal === null && admitted(session, judging, text, judgement).refusal !== null;
}

// A quote can be the second byte of a character in these (PG 24.3.1), so tokens can't be told apart.
const isHardToRead =
  /^(sjis|shift|mskanji|win932|windows932|big5|win950|windows950|gbk|win936|windows936|gb18030|johab|uhc|win949|windows949)/i;

function effectsOf(session: Session, text: string, keyed: KeyedText | null): SessionEffects {
  if (!isReadAsUsual(session)) return unknownEffects;
  return keyed === null ? sessionEffects(text) : knownEffects.of(text, keyed);
}

/** Whether tokens are where the scanner looks for them; the server reports both settings when they change. */
function isReadAsUsual({ attachment }: Session): boolean {
  const reported = attachment.connection?.parameters;
  if (reported?.get('standard_conforming_strings') === 'off') return false;
  const asked = attachment.settings.values;
  if (reported === undefined && asked.get('standard_conforming_strings') === 'off') return false;
  const encoding = reported?.get('client_encoding') ?? asked.get('client_encoding');
  return encoding === undefined || encoding === 'UTF8' || !isHardToRead.test(encoding);
}

/** No client may use what another one prepared, though it can see the names in pg_prepared_statements. */
function namesOurs(text: string): Judgement | null {
  if (!text.includes(statementNamePrefix)) return null;
  return { ...allowed, refusal: new ProxyError('notSupported', 'this prepared statement belongs to the proxy') };
}
