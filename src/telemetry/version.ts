import { readFileSync } from 'node:fs';

/** The version in package.json, which lies above the sources as well as above what is built of them. */
export function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // The other place, then.
    }
  }
  return 'unknown';
}
