import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProxyError } from '../errors/proxy-error.js';

/** Of a process that runs as somebody else, as `child_process.spawn` takes it. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const accountNames = ['postgres', 'nobody'];

/**
 * Whom the database runs as. PostgreSQL refuses root: root's runs as whoever owns the data already, else as `postgres`
 * or `nobody`. Undefined: as ourselves.
 *
 * @throws ProxyError configInvalid, when the data is somebody else's or there is no account to run as
 */
export async function databaseAccount(dataDir: string): Promise<Account | undefined> {
  const ownUid = process.getuid?.();
  const found = await stat(dataDir).catch(() => null);
  if (ownUid !== 0) {
    if (found === null || found.uid === ownUid) return undefined;
    throw new ProxyError('configInvalid', `${dataDir} belongs to another user; name a folder of yours with --data`);
  }
  if (found !== null && found.uid !== 0) return { uid: found.uid, gid: found.gid };
  const account = accountIn(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  if (account !== undefined) return account;
  const names = accountNames.join(' or ');
  throw new ProxyError('configInvalid', `PostgreSQL refuses root and there is no user ${names}; start as another user`);
}

/** The first of `accountNames` in the lines of a passwd(5) file. */
function accountIn(passwd: string): Account | undefined {
  const lines = passwd.split('\n').map((line) => line.split(':'));
  const fields = accountNames
    .map((wanted) => lines.find(([name]) => name === wanted))
    .find((line) => line !== undefined);
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return uid > 0 && gid >= 0 ? { uid, gid } : undefined;
}

/** The first folder on the way to `folder`, from the root, that the account may not pass; null when it gets there. */
export async function blockedAt(folder: string, account: Account): Promise<string | null> {
  const parent = path.dirname(folder);
  const above = parent === folder ? null : await blockedAt(parent, account);
  if (above !== null) return above;
  const { mode, uid, gid } = await stat(folder);
  const mayPass = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return (mode & mayPass) === 0 ? folder : null;
}
