import { encodeText } from '../../../protocol/text.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { reservedWords, typeOrFunctionNameWords } from '../../sql/keywords.js';
import { quoteIdentifier } from '../../sql/quote.js';
import type { StatementEffect } from '../../sql/session-effects.js';
import { StatementReader } from '../../sql/statement-reader.js';
import type { Session } from '../session.js';
import type { StatementNames } from '../statements/run.js';
import type { ClientStatement, Statement } from '../statements/statement.js';
import { keptName } from './by-name.js';
import { isInDoubt } from './free-names.js';

/** A text that names a prepared statement, with the upstream's name for it in the place of the client's. */
export interface NamedInText {
  readonly prepared: ClientStatement;
  readonly text: Buffer;
}

/**
 * DEALLOCATE and EXECUTE of a statement that was prepared by Parse, as psycopg, asyncpg and DBD::Pg send them: upstream
 * it has another name. Null: the text is no such thing.
 */
export function namedInText(session: Session, statement: Statement): NamedInText | null {
  const names = namesInText(session, statement);
  if (names === null || statement.text === null) return null;
  const { name, upstreamName, prepared } = names;
  const text = statement.sent ?? statement.text;
  if (keptName(upstreamName) === keptName(name)) return { prepared, text: encodeText(text) };
  return { prepared, text: encodeText(withName(text, upstreamName)) };
}

/** DEALLOCATE or EXECUTE of another name. */
function withName(text: string, name: string): string {
  const reader = new StatementReader(text);
  if (!reader.accept('execute') && reader.accept('deallocate')) reader.accept('prepare');
  const { start, end } = reader.scanner;
  if (isNoName(text.slice(start, end))) return text;
  return `${text.slice(0, start)}${quoteIdentifier(name)}${text.slice(end)}`;
}

/** A word that is none unless it is quoted: the server says so. */
function isNoName(written: string): boolean {
  const word = written.toLowerCase();
  return reservedWords.has(word) || typeOrFunctionNameWords.has(word);
}

/** What such a text deallocates or executes. */
export function namesInText(
  session: Session,
  statement: Statement,
): (StatementNames & { readonly prepared: ClientStatement }) | null {
  const { first } = statement.effects;
  if (first !== 'deallocate' && first !== 'execute') return null;
  const name = onlyStatement(statement)?.target;
  const prepared = name == null ? undefined : session.statements.get(name);
  if (name == null || prepared === undefined || prepared.upstreamName === '') return null;
  return { name, upstreamName: prepared.upstreamName, prepared };
}

/** The one statement of a text; undefined where it has none, or several, or can't be read. */
export function onlyStatement({ effects }: Statement): StatementEffect | undefined {
  return effects.statements?.length === 1 ? effects.statements[0] : undefined;
}

const unreadName = new ProxyError(
  'notSupported',
  'this way to write the name of a prepared statement is not supported',
);

/** Why SQL's PREPARE or DEALLOCATE can't be sent: it isn't known what it deallocates, or upstream the name is free, since what the client has prepared by Parse is called otherwise. */
export function nameTaken(session: Session, statement: Statement): ProxyError | null {
  const { isPoliced } = session.database;
  if (isPoliced && session.attachment.hasClientNames && deallocatesUnread(statement)) return unreadName;
  const only = statement.effects.first === 'prepare' ? onlyStatement(statement) : undefined;
  const existing = only?.target == null ? undefined : session.statements.get(only.target);
  if (existing === undefined || existing.upstreamName === '' || session.attachment.hasClientNames) return null;
  const message = `prepared statement "${only?.target}" already exists`;
  return new ProxyError('invalidParameter', message, { sqlstate: '42P05' });
}

function deallocatesUnread({ text, effects: { statements } }: Statement): boolean {
  if (statements === null) return /deallocate/i.test(text ?? '');
  return statements.some(({ command, target }) => command === 'deallocate' && target === null);
}

/** Whether the text speaks of a statement that isn't known to be prepared yet. */
export function namesDoubtful(session: Session, statement: Statement): boolean {
  const { first } = statement.effects;
  if (first !== 'deallocate' && first !== 'execute' && first !== 'prepare') return false;
  const target = onlyStatement(statement)?.target;
  return target != null && isInDoubt(session, target);
}
