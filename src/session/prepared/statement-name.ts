import { createHash, randomBytes } from 'node:crypto';

/**
 * What the upstream names of prepared statements begin with: not to be guessed, so that no client can name a
 * statement that another one prepared.
 */
export const statementNamePrefix = `pgt_${randomBytes(6).toString('base64url')}_`;

/**
 * Whether a name is one of ours, such as `statementName` makes. From a client that hasn't prepared a statement under it,
 * it would reach what another client prepared.
 */
export function isOurName(name: string): boolean {
  return name.startsWith(statementNamePrefix);
}

/** The upstream name of a prepared statement: the same for the same text and types under the same settings. */
export function statementName(rest: Buffer | string, settingsKey: string): string {
  const hash = createHash('sha1').update(settingsKey).update('\0').update(rest);
  return statementNamePrefix + hash.digest('base64url');
}
