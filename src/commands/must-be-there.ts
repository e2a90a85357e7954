import { existsSync } from 'node:fs';
import { wrongUse } from './wrong-use.js';

/** @throws ProxyError for a file that somebody has named and that isn't there */
export function mustBeThere(file: string): void {
  if (!existsSync(file)) throw wrongUse(`${file}: there is no such file; check its name`);
}
