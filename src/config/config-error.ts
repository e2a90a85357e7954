import { ProxyError } from '../errors/proxy-error.js';

/** One thing that is wrong, or likely not meant, in a configuration file. */
export interface ConfigIssue {
  /** As it was named on the command line. */
  readonly file: string;
  /** From 1; 0 when it is about the file as a whole. */
  readonly line: number;
  readonly column: number;
  /** What is wrong. Never holds a value of the file, since that may be a secret. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** The file cannot be used: every reason that was found, in the order of the file. */
export class ConfigError extends ProxyError {
  readonly issues: readonly ConfigIssue[];

  /** @param issues at least one */
  constructor(issues: readonly ConfigIssue[]) {
    super('configInvalid', issues.map(formatIssue).join('\n'));
    this.name = 'ConfigError';
    this.issues = issues;
  }
}

/** `pgturnstile.yaml:12:7 what; what to do`, or `pgturnstile.yaml: what; what to do` */
export function formatIssue(issue: ConfigIssue): string {
  const place = issue.line === 0 ? `${issue.file}:` : `${issue.file}:${issue.line}:${issue.column}`;
  return issue.hint === '' ? `${place} ${issue.message}` : `${place} ${issue.message}; ${issue.hint}`;
}
