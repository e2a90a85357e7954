import { access } from 'node:fs/promises';
import { wrongUse } from './wrong-use.js';

export function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** @throws ProxyError for a file that somebody has named and that isn't there */
export async function mustBeThere(file: string): Promise<void> {
  if (!(await isThere(file))) throw wrongUse(`${file}: there is no such file; check its name`);
}
