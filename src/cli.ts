#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { auditCommand } from './commands/audit.js';
import { certCommand } from './commands/cert.js';
import { checkCommand } from './commands/check.js';
import { eventTriggerCommand } from './commands/event-trigger.js';
import { explainCommand } from './commands/explain.js';
import { firewallCommand } from './commands/firewall.js';
import { hashPasswordCommand } from './commands/hash-password.js';
import { initCommand } from './commands/init.js';
import { serveCommand } from './commands/serve.js';
import { statusCommand } from './commands/status.js';
import { ProxyError } from './errors/proxy-error.js';
import { safeText } from './telemetry/redact.js';
import { readVersion } from './telemetry/version.js';

const done = 0;
const failed = 1;
const wrongUsage = 2;

const commands = [
  serveCommand,
  initCommand,
  checkCommand,
  explainCommand,
  hashPasswordCommand,
  certCommand,
  statusCommand,
  auditCommand,
  firewallCommand,
  eventTriggerCommand,
];

const examples = `Examples:
  pgturnstile serve                         try it: everything embedded, nothing to install
  pgturnstile init && pgturnstile check     a configuration to begin with
  pgturnstile serve --config FILE           run it

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.`;

/** Runs one command. Gives the exit code; whatever went wrong is on standard error by then. */
async function run(args: readonly string[]): Promise<number> {
  const program = new Command('pgturnstile')
    .description('pooling, policy and audit between PostgreSQL clients and their databases')
    .version(readVersion(), '-V, --version', 'the version')
    .helpOption('-h, --help', 'this help, or that of a command')
    .helpCommand('help [command]', 'the help of a command')
    .addHelpText('after', `\n${examples}`)
    .exitOverride()
    .configureOutput({ outputError: (message) => complain(message.replace(/^error: /, '').trim()) });
  for (const makeCommand of commands) {
    const command = makeCommand().copyInheritedSettings(program);
    for (const subcommand of command.commands) subcommand.copyInheritedSettings(program);
    program.addCommand(command);
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? done : wrongUsage;
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof ProxyError) {
    // Of a file there can be several things to say: each has a line.
    const lines = error.clientMessage.split('\n');
    for (const line of lines) complain(error.hint === undefined ? line : `${line}; ${error.hint}`);
    return error.code === 'configInvalid' ? wrongUsage : failed;
  }
  complain(error instanceof Error ? error.message : String(error));
  return failed;
}

function complain(message: string): void {
  process.stderr.write(`pgturnstile: ${message.split('\n').map(safeText).join(' ')}\n`);
}

// `pgturnstile help | head` is no failure.
process.stdout.on('error', () => {});
const exitCode = await run(process.argv.slice(2));
// What a pipe hasn't taken yet is lost with the process.
await new Promise<unknown>((written) => process.stdout.write('', written));
// A command that has something to say beside its result sets the code itself.
process.exit(exitCode === done ? (process.exitCode ?? done) : exitCode);
