import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeBind } from '../../../protocol/messages/bind.js';
import { syncFrame } from '../../../protocol/messages/bodiless.js';
import { encodeDescribe } from '../../../protocol/messages/describe.js';
import { encodeExecute } from '../../../protocol/messages/execute.js';
import { encodeText } from '../../../protocol/text.js';
import type { Judgement } from '../../judge/judgement.js';
import { oid } from '../../sql/bind/expressions/type-oids.js';
import { makeTemplate } from '../../sql/rewrite/template.js';
import { classOf } from '../../sql/shape.js';
import { statementName } from '../prepared/statement-name.js';
import type { Session } from '../session.js';
import type { Statement } from '../statements/statement.js';
import type { BatchParts } from './shared-read.js';
import { isTimeless, SharedStatement } from './shared-statement.js';

/** Texts with more literals are sent as they are. */
const literalsMax = 100;

/** Under so many different settings the texts of one judgement are known as prepared. */
const settingsMax = 4;

/** What the texts of one judgement are prepared as, with parameters in the place of their literals. */
interface PreparedTexts {
  /** Of the Parse message, behind the name. */
  readonly rest: Buffer;
  /** For each parameter, which literal it stands for. */
  readonly order: readonly number[];
  /** By the settings that it is parsed under. */
  readonly statements: Map<string, SharedStatement>;
}

/** Null: they are sent as they are. */
const known = new WeakMap<Judgement, PreparedTexts | null>();

/** What follows the Bind: a Query tells its columns as well. */
const behindBind = (() => {
  const writer = new MessageWriter();
  encodeDescribe(writer, { target: 'portal', name: '' });
  encodeExecute(writer, { portal: '', rowsMax: 0 });
  return writer.bytes(syncFrame).take();
})();

const writer = new MessageWriter(16 * 1024);

/**
 * How a lane runs a Query without having the server parse and analyze it each time: its text is prepared once for all
 * that differ from it in literals alone, which are bound. Null: it is sent as it is. Where the server has an error for
 * what is sent instead, the Query has to be run as it is, so that its client gets the error that it would have got.
 */
export function boundQuery(session: Session, { judgement, literals, text }: Statement): BatchParts | null {
  if (!judgement.bindsLiterals || text === null || literals === null) return null;
  let prepared = known.get(judgement);
  if (prepared === undefined) {
    prepared = prepareTexts(judgement, text, literals);
    known.set(judgement, prepared);
  }
  if (prepared === null) return null;
  const statement = statementUnder(prepared, session.attachment.settings.parsingKey);
  const parameters: Buffer[] = [];
  for (const index of prepared.order) {
    const value = boundText(literals[index] as string);
    if (value === null) return null;
    parameters.push(encodeText(value));
  }
  encodeBind(writer, { portal: '', statement: statement.name, parameterFormats: [], parameters, resultFormats: [] });
  const instead = writer.bytes(behindBind).take();
  const { parsedSince } = session.database.lanes;
  return { statement, parsedSince, isParsing: false, isDescribing: false, restAt: 0, restBytes: 0, instead };
}

/** The texts of a judgement can't be prepared so after all. */
export function sendAsWritten({ judgement }: Statement): void {
  known.set(judgement, null);
}

function statementUnder({ rest, statements }: PreparedTexts, settingsKey: string): SharedStatement {
  const found = statements.get(settingsKey);
  if (found !== undefined) return found;
  if (statements.size >= settingsMax) statements.clear();
  const statement = new SharedStatement(statementName(rest, settingsKey), rest);
  statements.set(settingsKey, statement);
  return statement;
}

function prepareTexts({ template }: Judgement, text: string, literals: readonly string[]): PreparedTexts | null {
  const parts = (template ?? makeTemplate(text, [])).printed;
  const order = parts.filter((part) => typeof part === 'number');
  const types = order.map((index) => parameterType(literals[index] as string));
  if (order.length > literalsMax || types.includes(null)) return null;
  // A time word in what a policy adds; in a literal of the client's it is read each time that it is bound.
  if (!parts.every((part) => typeof part === 'number' || isTimeless(part))) return null;
  let parameters = 0;
  const sql = parts.map((part) => (typeof part === 'string' ? part : ` $${++parameters} `)).join('');
  const body = new MessageWriter(sql.length + 64).cstring(sql).int16(types.length);
  for (const type of types) body.int32(type as number);
  return { rest: body.take(), order, statements: new Map() };
}

/** That a literal has, which all in its place have; 0: as a literal, it has to be found out. Null: another one. */
function parameterType(literal: string): number | null {
  switch (classOf(literal)) {
    case 'i':
      return oid.int4;
    case 's':
      return 0;
    default:
      return null;
  }
}

/** What a literal is bound as; null: it is written in a way of its own. */
function boundText(literal: string): string | null {
  if (literal.charCodeAt(0) !== 0x27) return /^[0-9]+$/.test(literal) ? literal : null;
  const within = literal.slice(1, -1);
  // What a backslash means hangs on a setting.
  if (within.includes('\\')) return null;
  if (!within.includes("'")) return within;
  // A string may go on behind a line break, within quotes of their own.
  return within.replaceAll("''", '').includes("'") ? null : within.replaceAll("''", "'");
}
