import { decodePasswordMessage } from '../../protocol/messages/password-message.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { AuthDialog } from './auth-dialog.js';

/**
 * Asks for a PasswordMessage; null: the client has gone, as psql does to ask its user (recv_password_packet in auth.c).
 *
 * @throws ProxyError 28P01 when it is empty: no method takes that, whatever the secret
 */
export async function readPassword(dialog: AuthDialog, request: Buffer): Promise<string | null> {
  const answer = await dialog.ask(request, 'password');
  // PostgreSQL takes a length out of bounds for a client that doesn't want to send a password.
  if (typeof answer === 'string') return null;
  const { password } = decodePasswordMessage(answer);
  if (password === '') throw new ProxyError('wrongPassword', 'empty password returned by client');
  return password;
}
