import { type FileHandle, open } from 'node:fs/promises';
import { ConfigError } from './config-error.js';

const bytesMax = 8 << 20;
const triesMax = 3;

/**
 * The text of a configuration or policy, as it was at one moment.
 *
 * @param shown as it is called in messages
 * @param hint what to do when it can't be read
 * @throws ConfigError, also for a file that is too large, no UTF-8, or changed all the while
 */
export async function readTextFile(file: string, shown: string, hint: string): Promise<string> {
  const bytes = await readSteady(file).catch((error: NodeJS.ErrnoException) => {
    throw fileError(shown, ...readProblem(error.code ?? 'unknown error', hint));
  });
  if (bytes === 'too large') throw fileError(shown, 'the file is larger than 8 MiB', 'name another');
  if (bytes === 'unsteady') throw fileError(shown, 'the file changes while it is read', 'try again when it is written');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fileError(shown, 'the file is not UTF-8', 'save it as UTF-8');
  }
}

async function readSteady(file: string): Promise<Buffer | 'too large' | 'unsteady'> {
  const handle = await open(file, 'r');
  try {
    for (let tries = 0; tries < triesMax; tries++) {
      const before = await handle.stat();
      if (before.size > bytesMax) return 'too large';
      const buffer = Buffer.alloc(Math.max(before.size, 1) + 1);
      const bytes = await fill(buffer, handle, before.isFile());
      const after = await handle.stat();
      if (bytes === before.size && after.size === before.size && after.mtimeMs === before.mtimeMs) {
        return buffer.subarray(0, bytes);
      }
    }
    return 'unsteady';
  } finally {
    await handle.close();
  }
}

/** Reads until the buffer is full or there is no more; gives how many bytes. What is no file has no beginning to go back to. */
async function fill(buffer: Buffer, handle: FileHandle, isFile: boolean): Promise<number> {
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, bytes, buffer.length - bytes, isFile ? bytes : null);
    bytes += bytesRead;
    if (bytesRead === 0 || bytes === buffer.length) return bytes;
  }
}

function readProblem(code: string, hint: string): [message: string, hint: string] {
  if (code === 'ENOENT') return ['there is no such file', hint];
  if (code === 'EISDIR') return ['this is a directory', 'name the file in it'];
  return [`the file could not be read (${code})`, 'check its permissions'];
}

function fileError(file: string, message: string, hint: string): ConfigError {
  return new ConfigError([{ file, line: 0, column: 0, message, hint }]);
}
