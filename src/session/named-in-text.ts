import { encodeText } from '../../protocol/text.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { StatementEffect } from '../sql/session-effects.js';
import type { Session } from './session.js';
import type { ClientStatement, Statement } from './statement.js';

/** A text that names a prepared statement, with the upstream's name for it in the place of the client's. */
export interface NamedInText {
  readonly prepared: ClientStatement;
  readonly text: Buffer;
}

const afterCommand =
  /^((?:\s|--[^\n]*\n|\/\*[^*]*\*\/)*(?:deallocate(?:\s+prepare)?|execute)\s+)(?:"(?:[^"]|"")*"|[^\s(;]+)/i;

/**
 * DEALLOCATE and EXECUTE of a statement that was prepared by Parse, as psycopg, asyncpg and DBD::Pg send them: upstream
 * it has another name. Null: the text is no such thing.
 */
export function namedInText(session: Session, statement: Statement): NamedInText | null {
  const { first } = statement.effects;
  if (first !== 'deallocate' && first !== 'execute') return null;
  const target = onlyStatement(statement)?.target;
  const prepared = target == null ? undefined : session.statements.get(target);
  if (prepared === undefined || prepared.upstreamName === '' || statement.text === null) return null;
  const name = `"${prepared.upstreamName.replaceAll('"', '""')}"`;
  const text = statement.sent ?? statement.text;
  if (prepared.upstreamName === target) return { prepared, text: encodeText(text) };
  return { prepared, text: encodeText(text.replace(afterCommand, (_match, command: string) => command + name)) };
}

/** The one statement of a text; undefined where it has none, or several, or can't be read. */
export function onlyStatement({ effects }: Statement): StatementEffect | undefined {
  return effects.statements?.length === 1 ? effects.statements[0] : undefined;
}

/** Why SQL's PREPARE can't be sent: upstream the name is free, since what the client has prepared by Parse is called otherwise. */
export function nameTaken(session: Session, statement: Statement): ProxyError | null {
  const only = statement.effects.first === 'prepare' ? onlyStatement(statement) : undefined;
  const existing = only?.target == null ? undefined : session.statements.get(only.target);
  if (existing === undefined || existing.upstreamName === '' || session.attachment.hasClientNames) return null;
  const message = `prepared statement "${only?.target}" already exists`;
  return new ProxyError('invalidParameter', message, { sqlstate: '42P05' });
}

/** Whether the text speaks of a statement that isn't known to be prepared yet. */
export function namesDoubtful(session: Session, statement: Statement): boolean {
  const { first } = statement.effects;
  if (first !== 'deallocate' && first !== 'execute' && first !== 'prepare') return false;
  const target = onlyStatement(statement)?.target;
  return target != null && session.isInDoubt(target);
}
