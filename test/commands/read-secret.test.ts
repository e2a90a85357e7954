import { PassThrough } from 'node:stream';
import t from 'tap';
import { readSecret, type SecretInput } from '../../src/commands/read-secret.js';

interface Typed {
  readonly secret: Promise<string>;
  readonly shown: string[];
  /** Each change of the terminal's raw mode. */
  readonly modes: boolean[];
}

/** What comes of these chunks, typed at a terminal or piped in. */
function read(chunks: readonly (string | Buffer)[], isTTY: boolean): Typed {
  const stream = new PassThrough();
  const [shown, modes]: [string[], boolean[]] = [[], []];
  const input: SecretInput = Object.assign(stream, { isTTY, setRawMode: (isRaw: boolean) => modes.push(isRaw) });
  const secret = readSecret('Password', { input, output: { write: (text) => shown.push(text) } });
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return { secret, shown, modes };
}

const type = (...chunks: (string | Buffer)[]): Typed => read(chunks, true);
const pipe = (...chunks: (string | Buffer)[]): Promise<string> => read(chunks, false).secret;

t.test('a terminal asks twice, shows nothing of it, and is as before afterwards', async (t) => {
  const { secret, shown, modes } = type('s', '3', 'cret\r', 's3cret\n');
  t.equal(await secret, 's3cret');
  t.same(shown, ['Password: ', '\n', 'Once more: ', '\n']);
  t.same(modes, [true, false]);
});

t.test('a paste of both lines at once is taken', async (t) => {
  t.equal(await type('s3cret\rs3cret\r').secret, 's3cret');
});

t.test('backspace takes back a character, whatever its bytes, and control-U the line', async (t) => {
  t.equal(await type('xyz\x15', 'grü\u{1f600}\x7fß\b\bünß\r', 'grünß\r').secret, 'grünß');
});

t.test('a character that arrives in two pieces is one', async (t) => {
  const bytes = Buffer.from('ü\rü\r');
  t.equal(await type(bytes.subarray(0, 1), bytes.subarray(1)).secret, 'ü');
});

t.test('two that differ, none, and an interrupt end it, with the terminal as before', async (t) => {
  const cases: [Typed, RegExp][] = [
    [type('one\r', 'two\r'), /differ; try again/],
    [type('\r', '\r'), /no password was given/],
    [type('one\x03'), /interrupted/],
    [type('one'), /interrupted/],
    [type('x'.repeat(9000)), /at most 8192 bytes/],
  ];
  for (const [{ secret, modes }, message] of cases) {
    await t.rejects(secret, { message });
    t.same(modes, [true, false]);
  }
});

t.test('a pipe is read to its end without the last line end, and nothing is asked', async (t) => {
  t.equal(await pipe('s3', 'cret\n'), 's3cret');
  t.equal(await pipe('s3cret\r\n'), 's3cret');
  t.equal(await pipe('two\nlines\n\n'), 'two\nlines\n');
  t.equal(await pipe(' spaces '), ' spaces ');
  t.same(read(['x'], false).shown, []);
});

t.test('what cannot be a password is refused', async (t) => {
  await t.rejects(pipe(), { code: 'configInvalid', message: /no password was given/ });
  await t.rejects(pipe('\n'), { message: /no password was given/ });
  await t.rejects(pipe('a\0b'), { message: /NUL/ });
  await t.rejects(pipe(Buffer.from([0xff])), { message: /not UTF-8/ });
  await t.rejects(pipe(...Array<string>(10).fill('x'.repeat(1000))), { message: /at most 8192 bytes/ });
});
