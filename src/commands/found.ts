import { ConfigError, type ConfigIssue } from '../config/config-error.js';
import { ProxyError } from '../errors/proxy-error.js';
import { shownPath } from './shown-path.js';

/** What a check has found so far. */
export interface Found {
  readonly errors: ConfigIssue[];
  /** The verdict cases of the policies that came out otherwise than they say. */
  readonly failedCases: ConfigIssue[];
  readonly warnings: string[];
  /** What could not be looked at. */
  readonly notes: string[];
}

/** The value, or null and what was wrong among what was found. */
export async function collect<T>(found: Found, load: () => T | Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof ConfigError) found.errors.push(...error.issues);
    else if (error instanceof ProxyError) found.errors.push(issueOf(error));
    else throw error;
    return null;
  }
}

/** The message of a file that is not YAML begins with its name. */
function issueOf({ clientMessage, hint = '' }: ProxyError): ConfigIssue {
  const [file = '', ...rest] = clientMessage.split(': ');
  return { file: shownPath(file), line: 0, column: 0, message: rest.join(': '), hint };
}
