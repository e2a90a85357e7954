import { ProxyError } from '../errors/proxy-error.js';

/** The error of a command that was used wrongly, which ends it with exit code 2. @param message `what; what to do` */
export function wrongUse(message: string): ProxyError {
  return new ProxyError('configInvalid', message);
}
