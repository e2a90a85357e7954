import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { openLogOutput } from './log-output.js';
import { describeError, redactText, redactValues, safeText } from './redact.js';

/** What every room logs with: fields for machines, a sentence for people. `log.info({ tenant }, 'the pool is up')`. */
export type Log = pino.Logger;

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** `auto`: for people when the output is a terminal, JSON lines otherwise. */
  readonly pretty: boolean | 'auto';
}

/** Takes one whole line a write. */
export interface LogOutput {
  write(line: string): unknown;
  readonly isTTY?: boolean;
}

/**
 * The log of the process, on standard output if nothing else is given.
 *
 * Whatever is passed in, no secret comes out: fields that are called like one are replaced before they are formatted,
 * and what looks like one in any text (a URL's password, a SCRAM verifier) in the finished line.
 */
export function createLog(options: LogOptions, output: LogOutput = openLogOutput()): Log {
  const isPretty = options.pretty === 'auto' ? output.isTTY === true : options.pretty;
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describeError, error: describeError },
      formatters: { level: (label) => ({ level: label }), log: redactValues },
      hooks: { streamWrite: redactText },
    },
    isPretty ? prettyOutput(output) : output,
  );
  // pino formats a child's own fields once, when it is made, and by nothing that could be set above.
  const makeChild = log.child;
  log.child = function child(this: Log, bindings, childOptions) {
    return makeChild.call(this, redactValues(bindings), childOptions);
  } as typeof log.child;
  return log;
}

function prettyOutput(output: LogOutput): LogOutput {
  const prettify = prettyFactory({
    colorize: output.isTTY === true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    // Fields are safe already; a message may quote a user name with an escape sequence.
    messageFormat: (line, messageKey) => safeText(String(line[messageKey] ?? '')),
  });
  return { write: (line) => output.write(prettify(line)) };
}
