import { frontend } from '../../../protocol/message-types.js';
import { decodeText } from '../../../protocol/text.js';
import type { ShapeRuns } from '../../pool/shape-runs.js';
import { nextParseTime } from '../../pool/upstream-statements.js';
import { frameEnd, scanBatch, scanned } from '../batch-scan.js';
import { missingBytes } from '../in-hand.js';
import { overRate } from '../over-rate.js';
import { parameterTypesAt, restToSend } from '../prepared/parse-body.js';
import { statementName } from '../prepared/statement-name.js';
import { resultLimit } from '../replies/result-limit.js';
import type { Session } from '../session.js';
import type { ClientStatement, Statement } from '../statements/statement.js';
import { isOutdated, statementOf, statementToPrepare } from '../statements/statement-of.js';
import { boundQuery } from './bound-query.js';
import { type BatchParts, SharedRead } from './shared-read.js';
import { isTimeless, SharedStatement } from './shared-statement.js';

/** Sends the Query in hand over a shared lane, where that may be. False: it is to be run pinned. */
export function shareQuery(session: Session, statement: Statement): boolean {
  if (!isShareable(session, statement) || missingBytes(session) > 0) return false;
  const shape = shapeOf(session, statement);
  if (!shape.isShared) return false;
  const group = session.reads.groupNow();
  if (group === null || overRate(session) !== null) return false;
  const { start, end } = session.reader;
  // PG 55.2.3: a simple Query destroys the unnamed statement.
  session.statements.delete('');
  session.reads.take(group, new SharedRead(session, statement, shape, boundQuery(session, statement), start, end));
  return true;
}

/**
 * Sends the batch that begins with the Parse or Bind in hand over a shared lane, where that may be: it is all there up
 * to its Sync, and runs one statement once. False: its messages are taken one by one.
 */
export function shareBatch(session: Session, type: number): boolean {
  const group = session.reads.groupNow();
  if (group === null || missingBytes(session) > 0) return false;
  const { reader } = session;
  const { buffer, start, seenEnd } = reader;
  const isParsing = type === frontend.Parse;
  // A statement with a name is parsed once and then used often: its Parse is too rare to be worth a lane.
  if (isParsing && buffer[start + 5] !== 0) return false;
  const bindStart = isParsing ? bindBehind(buffer, reader.end, seenEnd) : start;
  if (bindStart < 0 || !scanBatch(buffer, bindStart, seenEnd)) return false;
  const { nameStart, nameEnd, bindEnd, end } = scanned;
  if (isParsing && nameEnd !== nameStart) return false;
  const prepared = isParsing ? parsedInHand(session) : session.statements.get(decodeText(buffer, nameStart, nameEnd));
  if (prepared == null || isOutdated(session, prepared.statement)) return false;
  if (!isShareableNow(session, prepared)) return false;
  const { statement } = prepared;
  const shape = shapeOf(session, statement);
  if (!shape.isShared) return false;
  const shared = sharedStatement(session, prepared);
  if (shared === null || overRate(session) !== null) return false;
  if (isParsing) noteParsed(session, prepared);
  const batch: BatchParts = {
    statement: shared,
    parsedSince: isParsing ? session.database.lanes.parsedSince : prepared.parseTime,
    isParsing,
    isDescribing: isParsing && bindStart > reader.end,
    restAt: nameEnd + 1,
    restBytes: bindEnd - nameEnd - 1,
    instead: null,
  };
  reader.extend(end);
  session.reads.take(group, new SharedRead(session, statement, shape, batch, start, end));
  return true;
}

/** A statement may have been judged since it was prepared, and what it was judged by may hold no longer. */
function isShareableNow(session: Session, prepared: ClientStatement): boolean {
  if (!isCurrent(session, prepared.statement)) lookAgain(session, prepared);
  return prepared.statement.judgement.isShareable && isCurrent(session, prepared.statement);
}

function isCurrent({ judging, names, attachment }: Session, { judgement, namesKey }: Statement): boolean {
  return judgement.version === judging?.version && namesKey !== null && names.areStill(namesKey, attachment.settings);
}

/** How often it is looked whether a statement has been judged in the meantime, milliseconds. */
const lookAgainAfterMs = 200;

function lookAgain(session: Session, prepared: ClientStatement): void {
  const { text, effects } = prepared.statement;
  const now = performance.now();
  if (text === null || effects.effect !== 'none' || now - prepared.lookedAt < lookAgainAfterMs) return;
  prepared.lookedAt = now;
  prepared.statement = statementOf(session, text) ?? prepared.statement;
}

/** A statement whose rows or bytes are limited is run pinned, where they are counted as they pass. */
function isShareable({ database }: Session, { judgement }: Statement): boolean {
  return judgement.isShareable && resultLimit(database.limits, judgement.limits) === null;
}

function shapeOf(session: Session, { judgement }: Statement): ShapeRuns {
  return session.database.lanes.shapes.of(judgement);
}

/** Where the Bind begins behind a Parse and perhaps a Describe of the unnamed statement; -1 where there is none. */
function bindBehind(buffer: Buffer, at: number, limit: number): number {
  if (buffer[at] !== frontend.Describe) return at;
  const end = frameEnd(buffer, at, limit);
  return end - at === 7 && buffer[at + 5] === 0x53 && buffer[at + 6] === 0 ? end : -1;
}

/** The unnamed statement that the Parse in hand makes: the one that the client has, where it is the same text. */
function parsedInHand(session: Session): ClientStatement | null {
  const { buffer, start, end } = session.reader;
  const known = session.statements.get('');
  const restAt = start + 6;
  if (known !== undefined && known.asked !== null && !isOutdated(session, known.statement)) {
    if (buffer.compare(known.asked, 0, known.asked.length, restAt, end) === 0) return known;
  }
  const textEnd = buffer.indexOf(0, restAt);
  if (textEnd < 0 || textEnd >= end) return null;
  const asked = Buffer.from(buffer.subarray(restAt, end));
  const types = parameterTypesAt(asked, textEnd - restAt + 1);
  const statement = statementToPrepare(session, decodeText(buffer, restAt, textEnd), types);
  if (statement === null || statement.judgement.refusal !== null) return null;
  const rest = restToSend(asked, statement, null);
  const settingsKey = session.attachment.settings.parsingKey;
  const names = { upstreamName: '', needs: null, settingsKey, shared: undefined };
  return { ...names, rest, asked, parseTime: 0, statement, lookedAt: 0 };
}

function noteParsed({ statements }: Session, prepared: ClientStatement): void {
  prepared.parseTime = nextParseTime();
  if (statements.get('') !== prepared) statements.set('', prepared);
}

/** The statement as it is known on lanes; null: it can't be parsed there. */
function sharedStatement(session: Session, prepared: ClientStatement): SharedStatement | null {
  const { rest, settingsKey, statement, needs } = prepared;
  if (settingsKey !== session.attachment.settings.parsingKey) return null;
  if (prepared.shared === undefined) {
    const isSame = rest !== null && needs === null && statement.text !== null && isTimeless(statement.text);
    prepared.shared = isSame ? new SharedStatement(statementName(rest, settingsKey), rest) : null;
  }
  return prepared.shared;
}
