import type { AuthMethod } from '../config/config.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { Ruling } from './match-rule.js';

/** Who was refused, in the names that the client itself used. */
export interface Refused {
  readonly address: string;
  readonly user: string;
  readonly database: string;
  readonly hasTls: boolean;
  /** A physical replication start-up: it is in no database. */
  readonly isReplication: boolean;
}

/** A client that no rule admits, in PostgreSQL's words: tools look for them (ClientAuthentication in auth.c). */
export function refusedByRules(ruling: Ruling, refused: Refused): ProxyError {
  const { address, user, database, hasTls, isReplication } = refused;
  const isRejected = ruling === 'reject';
  const preposition = isReplication && !isRejected ? 'from' : 'for';
  const names = [`${preposition} host "${address}"`, `user "${user}"`];
  if (!isReplication) names.push(`database "${database}"`);
  names.push(hasTls ? 'SSL encryption' : 'no encryption');
  const beginning = isRejected ? 'pg_hba.conf rejects' : 'no pg_hba.conf entry';
  const connection = connectionWords(isRejected, isReplication);
  return new ProxyError('notAuthorised', `${beginning}${connection} ${names.join(', ')}`, {
    hint:
      ruling === 'needs-tls'
        ? 'The rule for this connection asks for a password in clear, which needs TLS.'
        : undefined,
  });
}

/** A proof that was wrong: the same for a user that exists and one that doesn't (auth_failed in auth.c). */
export function failedSignIn(method: AuthMethod, user: string): ProxyError {
  if (method === 'cert') return new ProxyError('notAuthorised', `certificate authentication failed for user "${user}"`);
  return new ProxyError('wrongPassword', `password authentication failed for user "${user}"`);
}

export function throttled(): ProxyError {
  return new ProxyError('rateLimited', 'too many failed authentication attempts', {
    severity: 'FATAL',
    hint: 'Try again in a minute.',
  });
}

/** Not there, or not for this user: who may not enter a tenant isn't told whether it exists. */
export function unknownTenant(tenant: string): ProxyError {
  return new ProxyError('unknownDatabase', `tenant "${tenant}" does not exist`, {
    hint: 'A tenant that the user may not connect to does not exist for that user.',
  });
}

export function unknownDatabase(database: string): ProxyError {
  return new ProxyError('unknownDatabase', `database "${database}" does not exist`);
}

function connectionWords(isRejected: boolean, isReplication: boolean): string {
  if (isReplication) return isRejected ? ' replication connection' : ' for replication connection';
  return isRejected ? ' connection' : '';
}
