import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { ProxyError } from '../errors/proxy-error.js';

/** Passwords of the quick start, by account: made once, so that what was pasted yesterday works today. */
export interface Secrets {
  /** The database's superuser `postgres`, whom nobody connects as but its owner. */
  readonly postgres: string;
  /** The account that pgturnstile connects as. */
  readonly shop: string;
  /** The clients'. */
  readonly analyst: string;
  readonly clerk: string;
}

const names = ['postgres', 'shop', 'analyst', 'clerk'] as const;
const passwordBytes = 15;

/** Reads the file, or makes it, for its owner only. Of two processes that make it at once, one does. */
export async function keepSecrets(file: string): Promise<Secrets> {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  const made = Object.fromEntries(names.map((name) => [name, randomBytes(passwordBytes).toString('base64url')]));
  await writeFile(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readSecrets(file);
}

async function readSecrets(file: string): Promise<Secrets> {
  const damaged = () => new ProxyError('configInvalid', `${file} is damaged; remove its folder to begin anew`);
  let secrets: Record<string, unknown> | null;
  try {
    secrets = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw damaged();
  }
  // They go into SQL and URLs as they are.
  const isWhole = names.every((name) => /^[\w-]+$/.test(String(secrets?.[name] ?? '')));
  if (!isWhole) throw damaged();
  return secrets as unknown as Secrets;
}
