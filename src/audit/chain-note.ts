import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/** Where the chain of `audit.jsonl` is noted. */
export function noteFileOf(path: string): string {
  return `${path}.chain`;
}

/** Null: nobody wrote one. `invalid`: it was changed, or isn't ours. */
export type NotedHead = string | 'invalid' | null;

/**
 * Notes the hash of the last line beside the file, so that lines cut off at its end are missed.
 * @param key null: anybody can write such a note
 * @throws the system's error
 */
export async function writeNote(path: string, head: string, key: string | null): Promise<void> {
  await writeFile(noteFileOf(path), noteText(head, key), { mode: 0o600 });
}

/** @throws the system's error, but for a file that isn't there */
export async function readNote(path: string, key: string | null): Promise<NotedHead> {
  try {
    const text = await readFile(noteFileOf(path), 'latin1');
    const head = /^\{"head":"([0-9a-f]{64})"/.exec(text)?.[1];
    return head !== undefined && text === noteText(head, key) ? head : 'invalid';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The hash alone would be no proof: every line carries the one that was noted when the line before it was the last. */
function noteText(head: string, key: string | null): string {
  const seal = key === null ? null : createHmac('sha256', key).update(`the last line is ${head}`).digest('hex');
  return `${JSON.stringify({ head, seal })}\n`;
}
