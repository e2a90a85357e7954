import { Command } from 'commander';
import { formatIssue } from '../config/config-error.js';
import { JudgeThreads } from '../judge/judge-threads.js';
import { safeText } from '../telemetry/redact.js';
import { type CheckReport, checkConfig } from './check-config.js';
import { visitDatabase } from './visit-database.js';

/** Nobody else waits for the parser here, and its first text is slow. */
const parseDeadlineMs = 20_000;
const failedExitCode = 1;
const invalidExitCode = 2;

interface CheckOptions {
  readonly config: string;
  readonly connect: boolean;
  readonly json?: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'validate a configuration, its certificates and policies, compare them with the databases, run verdict cases',
    )
    .option('--config <file>', 'the configuration', 'pgturnstile.yaml')
    .option('--no-connect', 'ask no database')
    .option('--json', 'what was found as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  pgturnstile check\n  pgturnstile check --no-connect\n  pgturnstile check --config /etc/pgturnstile.yaml --json',
    )
    .action(async ({ config: file, connect, json }: CheckOptions) => {
      const threads = new JudgeThreads({ deadlineMs: parseDeadlineMs });
      const visit = connect ? visitDatabase : null;
      const report = await checkConfig(file, { env: process.env, threads, visit, now: new Date() });
      await threads.close();
      if (json === true) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      else printReport(report);
      if (!report.ok) process.exitCode = report.errors.length > 0 ? invalidExitCode : failedExitCode;
    });
}

/** Complaints go to stderr, a line each; that all is well goes to stdout. */
function printReport({ file, ok, errors, failedCases, warnings, notes, counts }: CheckReport): void {
  const found = [
    ...[...errors, ...failedCases].map(formatIssue),
    ...marked('warning', warnings),
    ...marked('note', notes),
  ];
  // Names out of a database are anybody's.
  for (const line of found) process.stderr.write(`${safeText(line)}\n`);
  if (!ok || counts === null) return;
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  process.stdout.write(`${file} is valid (${parts.join(', ')})\n`);
}

function marked(what: string, messages: readonly string[]): string[] {
  return messages.map((message) => `${what}: ${message}`);
}
