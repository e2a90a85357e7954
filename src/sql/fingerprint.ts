import { createHash } from 'node:crypto';
import { fingerprintSync } from 'libpg-query';
import { isIdentity } from './facts/settings.js';
import type { StatementFacts } from './statement-facts.js';

const wellFormed = /^[0-9a-f]{16}$/;

/**
 * What statements of one kind have in common, whatever their literals, the length of their lists and their layout.
 * libpg-query leaves the schemas of relations out, the numbers in their names, what DO and functions are to run, whom a
 * session becomes and which channel is meant: where there is any of it, a digest follows behind a dot. Null: there is no
 * statement in the text.
 *
 * @param statements what the text was parsed to: an error of the parser would be taken for a fingerprint
 * @throws if the parser gives something else all the same
 */
export function fingerprintOf(text: string, statements: readonly StatementFacts[]): string | null {
  if (statements.length === 0) return null;
  const fingerprint = fingerprintSync(text);
  if (!wellFormed.test(fingerprint)) throw new Error('no fingerprint of a text that could be parsed');
  const left = statements.flatMap((statement) => leftOut(statement, text));
  if (left.length === 0) return fingerprint;
  const digest = createHash('sha256')
    .update([...new Set(left)].sort().join(''))
    .digest('hex');
  return `${fingerprint}.${digest.slice(0, 16)}`;
}

const digits = /\d/;

function leftOut(statement: StatementFacts, text: string): string[] {
  const { relations, settings, kinds, target, definesBody, startByte, endByte } = statement;
  const names = relations
    .filter(({ schema, name }) => schema !== null || digits.test(name))
    .map(({ schema, name }) => JSON.stringify([schema, name]));
  const roles = settings
    .filter(({ name, value }) => isIdentity(name) && value !== null)
    .map(({ name, value }) => JSON.stringify({ [name]: value }));
  const isAboutChannel = kinds.includes('listen') || kinds.includes('notify');
  const channels = isAboutChannel && target !== null ? [JSON.stringify(target)] : [];
  const bodies = definesBody ? [Buffer.from(text).toString('utf8', startByte, endByte).trim()] : [];
  return [...names, ...roles, ...channels, ...bodies];
}
