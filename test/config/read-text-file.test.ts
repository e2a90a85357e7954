import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { readTextFile } from '../../src/config/read-text-file.js';

const read = (file: string) => readTextFile(file, 'shown', 'look for it');

t.test('a text is read as it is', async (t) => {
  const file = path.join(t.testdir({ empty: '', text: 'é\n' }), 'text');
  t.equal(await read(file), 'é\n');
  t.equal(await read(path.join(path.dirname(file), 'empty')), '');
});

t.test('what is no text of a sensible size is refused in one line', async (t) => {
  const folder = t.testdir({ large: '', folder: {}, bytes: '' });
  truncateSync(path.join(folder, 'large'), (8 << 20) + 1);
  writeFileSync(path.join(folder, 'bytes'), Buffer.from([0x61, 0xff]));
  const refusals = {
    large: 'shown: the file is larger than 8 MiB; name another',
    folder: 'shown: this is a directory; name the file in it',
    bytes: 'shown: the file is not UTF-8; save it as UTF-8',
    none: 'shown: there is no such file; look for it',
  };
  for (const [name, message] of Object.entries(refusals)) {
    await t.rejects(read(path.join(folder, name)), { name: 'ConfigError', clientMessage: message }, name);
  }
});

t.test('a file that changes all the while is refused, and never half read', async (t) => {
  const file = path.join(t.testdir(), 'growing');
  const line = `${'x'.repeat(999)}\n`;
  writeFileSync(file, line.repeat(4_000));
  let isOver = false;
  const grow = () => {
    if (isOver) return;
    appendFileSync(file, line);
    setImmediate(grow);
  };
  grow();
  const outcome = await read(file).catch((error: Error) => error);
  isOver = true;
  if (outcome instanceof Error) t.match(outcome.message, /the file changes while it is read/);
  else t.ok(outcome.endsWith('\n') && outcome.length % 1_000 === 0);
});
