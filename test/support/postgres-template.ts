import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Account, cacheFolder, type PostgresBinaries, publish } from './postgres-binaries.js';

/** The superuser that tests connect as, by whatever method they asked for. */
export const superuser = 'postgres';
export const superuserPassword = 'secret';
/** The superuser of the test support itself, let in over the Unix socket without a password whatever the method. */
export const supportUser = 'pgturnstile_tests';

// Counted up when what is below changes, so that an older template is not taken for this one.
const templateVersion = 1;

/** initdb takes seconds and a copy of its result some milliseconds: it runs once a binary and account. Gives the folder. */
export function dataTemplate(binaries: PostgresBinaries, account: Account | undefined): string {
  const name = `data-${binaries.kind}-${binaries.version}-${account?.uid ?? 'own'}-v${templateVersion}`;
  const folder = path.join(cacheFolder(), name);
  if (!existsSync(folder)) publish(folder, (draft) => initialise(draft, binaries, account));
  return path.join(folder, 'data');
}

function initialise(draft: string, binaries: PostgresBinaries, account: Account | undefined): void {
  if (account !== undefined) chownSync(draft, account.uid, account.gid);
  const data = path.join(draft, 'data');
  const passwordFile = path.join(draft, 'password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, superuserPassword);
  if (account !== undefined) for (const file of [data, passwordFile]) chownSync(file, account.uid, account.gid);
  const as = { ...account, cwd: draft, stdio: 'pipe' as const, env: { ...process.env, LC_ALL: 'C' } };
  const locale = ['--encoding=UTF8', '--locale=C'];
  const access = [`--username=${superuser}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const size = ['--no-sync', '--wal-segsize=1'];
  execFileSync(path.join(binaries.folder, 'initdb'), ['-D', data, ...locale, ...access, ...size], as);
  const single = ['--single', '-D', data, '-c', 'fsync=off', 'postgres'];
  const input = `create role ${supportUser} superuser login\n`;
  execFileSync(path.join(binaries.folder, 'postgres'), single, { ...as, input });
  rmSync(passwordFile);
}
