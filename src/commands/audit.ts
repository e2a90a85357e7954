import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { type ChainReport, verifyChain } from '../audit/verify-chain.js';
import type { AuditConfig } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { readTextFile } from '../config/read-text-file.js';
import { mustBeThere } from './must-be-there.js';
import { wrongUse } from './wrong-use.js';

const brokenExitCode = 1;
/** As `audit.keep` has. */
const asideMax = 100_000;

interface VerifyOptions {
  readonly config?: string;
  readonly keyFile?: string;
  readonly json?: boolean;
}

const examples = `Examples:
  pgturnstile audit verify                                  the configuration's file, and those put aside
  pgturnstile audit verify audit.jsonl.2 audit.jsonl.1 audit.jsonl
  pgturnstile audit verify --key-file audit.key copies/audit.jsonl*

Exit codes: 0 the chain holds, 1 it is broken, 2 wrong usage.`;

export function auditCommand(): Command {
  const verify = new Command('verify')
    .description('follow the hash chain through audit files, and say where a line was changed or taken out')
    .argument('[files...]', "left out: the configuration's own and those put aside")
    .option('--config <file>', 'the configuration, for the key and the file (pgturnstile.yaml where no file is named)')
    .option('--key-file <file>', 'holds the key that audit.chainKey has')
    .option('--json', 'what was found as JSON')
    .addHelpText('after', `\n${examples}`)
    .action(async (files: string[], options: VerifyOptions) => {
      const report = await verifyFiles(files, options);
      if (options.json === true) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      else printReport(report);
      if (!report.ok) process.exitCode = brokenExitCode;
    });
  return new Command('audit').description('look after the audit trail').addCommand(verify);
}

async function verifyFiles(files: readonly string[], options: VerifyOptions): Promise<ChainReport> {
  const audit = await configured(files, options);
  const named = files.length > 0 ? files.filter((file) => !file.endsWith('.chain')) : await allFiles(audit);
  for (const file of named) mustBeThere(file);
  const key = options.keyFile === undefined ? (audit?.chainKey ?? null) : await readKey(options.keyFile);
  try {
    return await verifyChain(named, key, files.length === 0 ? (audit?.file ?? null) : null);
  } catch (error) {
    throw wrongUse((error as Error).message);
  }
}

/** The configuration is asked for what the command line leaves open. */
async function configured(files: readonly string[], { config }: VerifyOptions): Promise<AuditConfig | null> {
  if (config === undefined && files.length > 0) return null;
  return (await loadConfig(config ?? 'pgturnstile.yaml', process.env)).audit;
}

async function allFiles(audit: AuditConfig | null): Promise<string[]> {
  if (audit === null) throw wrongUse('there is no audit file in the configuration; name the files');
  const files = [audit.file];
  for (let number = 1; number <= asideMax && existsSync(`${audit.file}.${number}`); number++) {
    files.unshift(`${audit.file}.${number}`);
  }
  return files;
}

async function readKey(file: string): Promise<string> {
  return (await readTextFile(file, file, 'name the one that holds audit.chainKey')).replace(/\r?\n$/, '');
}

/** Complaints go to stderr, as those of other commands. */
function printReport({ ok, files, breaks, remarks }: ChainReport): void {
  for (const { file, line, message } of breaks) {
    process.stderr.write(`${file}${line === 0 ? '' : `:${line}`}: ${message}\n`);
  }
  for (const remark of remarks) process.stdout.write(`${remark}\n`);
  for (const { file, lines } of files) process.stdout.write(`${file}: ${lines} lines\n`);
  process.stdout.write(ok ? 'the chain holds\n' : 'the chain is broken\n');
}
