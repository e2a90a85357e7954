import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { Chain, chainStart, lineHash } from '../../src/audit/chain.js';
import { verifyChain } from '../../src/audit/verify-chain.js';

/** Files of a chain, of so many lines each, oldest first. */
function writeFiles(t: Test, sizes: readonly number[], key: string | null = null): string[] {
  const folder = t.testdir();
  const chain = new Chain(lineHash(key), chainStart);
  return sizes.map((size, index) => {
    const file = path.join(folder, `${index}.jsonl`);
    const line = (number: number) => `{"time":"2026-01-0${index + 1}T00:00:00.000Z","line":${number}}\n`;
    writeFileSync(file, chain.seal(Buffer.from(Array.from({ length: size }, (_, number) => line(number)).join(''))));
    return file;
  });
}

function edit(file: string, change: (lines: string[]) => readonly string[]): void {
  const lines = readFileSync(file, 'latin1').trimEnd().split('\n');
  writeFileSync(file, `${change(lines).join('\n')}\n`);
}

const places = async (files: readonly string[], key: string | null = null) =>
  (await verifyChain(files, key)).breaks.map(({ file, line }) => `${path.basename(file)}:${line}`);

t.test('files of one chain hold in any order, and are told in theirs', async (t) => {
  const [a, b, c] = writeFiles(t, [3, 1, 5]) as [string, string, string];
  const report = await verifyChain([b, c, a], null);
  t.same(report, {
    ok: true,
    files: [
      { file: a, lines: 3 },
      { file: b, lines: 1 },
      { file: c, lines: 5 },
    ],
    breaks: [],
    remarks: [],
  });
  t.match(await verifyChain([b, c], null), { ok: true, remarks: [/0?1\.jsonl: the chain began in an older file/] });
});

t.test('a line that is changed, taken out, added or moved is found where it was', async (t) => {
  const changes: Record<string, [(lines: string[]) => readonly string[], string[]]> = {
    changed: [(lines) => lines.with(2, (lines[2] as string).replace('"line":2', '"line":7')), ['0.jsonl:4']],
    'taken out': [(lines) => lines.toSpliced(2, 1), ['0.jsonl:3']],
    added: [(lines) => lines.toSpliced(2, 0, lines[2] as string), ['0.jsonl:4']],
    'added without a hash': [(lines) => lines.toSpliced(2, 0, '{}'), ['0.jsonl:3', '0.jsonl:4']],
    moved: [
      (lines) => lines.toSpliced(2, 2, lines[3] as string, lines[2] as string),
      ['0.jsonl:3', '0.jsonl:4', '0.jsonl:5'],
    ],
    'ended otherwise': [(lines) => lines.with(2, `${lines[2]}\r`), ['0.jsonl:3', '0.jsonl:4']],
    'cut at the start': [(lines) => ['{}', ...lines.slice(2)], ['0.jsonl:2']],
  };
  for (const [what, [change, expected]] of Object.entries(changes)) {
    const [file] = writeFiles(t, [9]) as [string];
    edit(file, change);
    t.same(await places([file]), expected, what);
  }
});

t.test('a file that is missing between two, or has lost its end, is found', async (t) => {
  const [a, b, c] = writeFiles(t, [3, 3, 3]) as [string, string, string];
  t.same(await places([c, a]), ['2.jsonl:1']);
  edit(a, (lines) => lines.slice(0, 2));
  t.same(await places([a, b, c]), ['1.jsonl:1']);
});

t.test('the wrong key, or none, is told once', async (t) => {
  const files = writeFiles(t, [50], 'a key of some length');
  t.match(await verifyChain(files, 'a key of some length'), { ok: true });
  for (const key of [null, 'another key of some length']) {
    const { breaks } = await verifyChain(files, key);
    t.match(breaks, [{ line: 0, message: /is this the key/ }]);
    t.equal(breaks.length, 1);
  }
});

t.test('what is no chain at all is told', async (t) => {
  const folder = t.testdir({ plain: '{"time":"2026-01-01T00:00:00.000Z"}\n{}\n', empty: '' });
  t.match(await verifyChain([path.join(folder, 'plain')], null), {
    ok: false,
    breaks: [{ message: /no line carries/ }],
  });
  t.match(await verifyChain([path.join(folder, 'empty')], null), { ok: true, files: [{ lines: 0 }] });
  await t.rejects(verifyChain([path.join(folder, 'none')], null), { code: 'ENOENT' });
});

t.test('bytes without any line end are no memory problem', async (t) => {
  const file = path.join(t.testdir(), 'huge');
  writeFileSync(file, Buffer.alloc(10 << 20, 'x'));
  t.match(await verifyChain([file], null), { ok: false });
});

t.test('a large file is followed fast', async (t) => {
  const [file] = writeFiles(t, [50_000]) as [string];
  const startedAt = performance.now();
  t.match(await verifyChain([file], null), { ok: true });
  t.comment(`${((performance.now() - startedAt) / 50).toFixed(1)} us a line`);
});
