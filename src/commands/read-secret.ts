import { wrongUse } from './wrong-use.js';

const secretBytesMax = 8192;

/** What is needed of a terminal or pipe, so that a test can be one. */
export interface SecretInput extends AsyncIterable<Buffer | string> {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

export interface SecretPrompt {
  readonly input: SecretInput;
  readonly output: { write(text: string): unknown };
}

/**
 * A password: typed twice without an echo where there is a terminal, else everything that comes in up to its last line
 * end.
 *
 * @param label `Password for alice`
 * @throws ProxyError configInvalid when there is none, it is too long, or the two differ; Error when interrupted
 */
export async function readSecret(label: string, prompt: SecretPrompt): Promise<string> {
  const { input } = prompt;
  const secret = input.isTTY === true ? await typeTwice(label, prompt) : await readAll(input);
  if (secret === '') throw wrongUse('no password was given; type one, or pipe it in');
  if (secret.includes('\0')) throw wrongUse('a password cannot have a NUL in it; take it out');
  return secret;
}

async function readAll(input: SecretInput): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > secretBytesMax)
      throw wrongUse(`a password has at most ${secretBytesMax} bytes; check what was piped in`);
    chunks.push(buffer);
  }
  return decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

async function typeTwice(label: string, { input, output }: SecretPrompt): Promise<string> {
  const keys = keysOf(input);
  input.setRawMode?.(true);
  try {
    const first = await typeLine(`${label}: `, keys, output);
    const again = await typeLine('Once more: ', keys, output);
    if (first !== again) throw wrongUse('the two passwords differ; try again');
    return first;
  } finally {
    input.setRawMode?.(false);
    await keys.return(undefined);
  }
}

/** Characters as they are typed; a paste is many at once. */
async function* keysOf(input: SecretInput): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const chunk of input) yield* decoder.decode(Buffer.from(chunk), { stream: true });
}

const [interrupt, endOfInput, backspace, del, killLine] = ['\x03', '\x04', '\b', '\x7f', '\x15'];

async function typeLine(
  label: string,
  keys: AsyncGenerator<string, void>,
  output: SecretPrompt['output'],
): Promise<string> {
  output.write(label);
  const typed: string[] = [];
  for (;;) {
    const { value: key, done } = await keys.next();
    if (done === true || key === undefined || key === interrupt) {
      output.write('\n');
      throw new Error('interrupted; nothing was made');
    }
    if (key === '\r' || key === '\n' || key === endOfInput) {
      output.write('\n');
      return typed.join('');
    }
    if (key === backspace || key === del) typed.pop();
    else if (key === killLine) typed.length = 0;
    else typed.push(key);
    if (typed.length > secretBytesMax) throw wrongUse(`a password has at most ${secretBytesMax} bytes`);
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw wrongUse('the password is not UTF-8; check the terminal’s or the file’s encoding');
  }
}
