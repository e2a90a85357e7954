import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { ProxyError } from '../errors/proxy-error.js';
import type { Account } from './account.js';
import type { Binaries } from './binaries.js';
import { type DataFolder, draftName, publish } from './data-folder.js';
import { serverSql, shopName, shopSql } from './sample-shop.js';
import type { Secrets } from './secrets.js';

/** Whether the database has been made. */
export function hasDatabase({ database }: DataFolder): Promise<boolean> {
  return stat(database).then(
    () => true,
    () => false,
  );
}

/**
 * Makes a PostgreSQL data folder with the sample shop in it, beside where it belongs, and moves it there when it is
 * whole: a process that is killed in the middle leaves nothing that the next could take for a database.
 */
export async function createDatabase(folder: DataFolder, binaries: Binaries, secrets: Secrets): Promise<void> {
  const { account } = folder;
  const draft = await mkdtemp(path.join(folder.path, draftName()));
  try {
    await chmod(draft, 0o711);
    const data = path.join(draft, 'database');
    const passwordFile = path.join(draft, 'password');
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, secrets.postgres, { mode: 0o600 });
    if (account !== undefined) for (const file of [data, passwordFile]) await chown(file, account.uid, account.gid);
    await run(binaries.initdb, initdbArguments(data, passwordFile), '', account);
    await runSql(binaries, data, 'postgres', serverSql(secrets), account);
    await runSql(binaries, data, shopName, shopSql, account);
    await publish(data, folder.database);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function initdbArguments(data: string, passwordFile: string): string[] {
  // A collation that PostgreSQL brings along: one of the machine's can be missing, or change with its next upgrade.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  return ['-D', data, ...locale, ...access, '--wal-segsize=1'];
}

/** Without a server: PostgreSQL reads statements from its standard input, and -j has them end in an empty line. */
async function runSql(
  { postgres }: Binaries,
  data: string,
  database: string,
  statements: readonly string[],
  account: Account | undefined,
): Promise<void> {
  // An error ends it; its text, which may be a password's, isn't logged.
  const settings = ['exit_on_error=on', 'log_min_error_statement=panic', 'log_checkpoints=off'];
  const args = ['--single', '-j', '-D', data, ...settings.flatMap((setting) => ['-c', setting]), database];
  await run(postgres, args, statements.map((statement) => `${statement};\n\n`).join(''), account);
}

async function run(program: string, args: string[], input: string, account: Account | undefined): Promise<void> {
  const env = { ...process.env, LC_ALL: 'C' };
  const child = spawn(program, args, { ...account, env, cwd: '/', stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [errors, status] = await Promise.all([text(child.stderr), ended(child)]);
  if (status === 0) return;
  const reason = errors.trim().split('\n').at(-1) || `status ${status}`;
  throw new ProxyError('internal', `the sample database could not be made: ${path.basename(program)}: ${reason}`);
}

async function ended(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}
