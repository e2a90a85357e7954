import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { AuditFile, type AuditFileOptions, type FileRules } from '../../src/audit/audit-file.js';

const rules: FileRules = { rotateBytes: 0, keep: 3, keepDays: 0, fsync: 'never' };

function makeFile(t: Test, given: Partial<FileRules> = {}, options: Partial<AuditFileOptions> = {}) {
  const folder = t.testdir();
  const target = path.join(folder, 'audit.jsonl');
  const failures: Error[] = [];
  const onRotateFailed = (error: Error) => failures.push(error);
  const file = new AuditFile({ path: target, rules: { ...rules, ...given }, onRotateFailed, ...options });
  t.teardown(() => file.close());
  return {
    file,
    folder,
    target,
    failures,
    read: (name = 'audit.jsonl') => readFileSync(path.join(folder, name), 'utf8'),
  };
}

const line = (text: string) => Buffer.from(`${text}\n`);

t.test('a new file can be read by its owner alone, and so can a new directory', async (t) => {
  const folder = t.testdir();
  const file = new AuditFile({ path: path.join(folder, 'a/b/x'), rules, onRotateFailed: () => {} });
  await file.open();
  await file.close();
  t.equal(statSync(path.join(folder, 'a/b/x')).mode & 0o777, 0o600);
  t.equal(statSync(path.join(folder, 'a/b')).mode & 0o777, 0o700);
});

t.test('it goes on behind what is there', async (t) => {
  const { file, target, read } = makeFile(t);
  writeFileSync(target, 'old\n');
  await file.append(line('one'));
  await file.append(line('two'));
  t.equal(read(), 'old\none\ntwo\n');
});

t.test('a line that a crash has torn is ended before the next', async (t) => {
  const { file, target, read } = makeFile(t);
  writeFileSync(target, 'old\n{"torn":');
  await file.append(line('one'));
  t.equal(read(), 'old\n{"torn":\none\n');
});

t.test('a file that would grow too long is put aside, and the oldest beyond those kept is gone', async (t) => {
  const { file, folder, read, failures } = makeFile(t, { rotateBytes: 10 });
  for (let i = 0; i < 12; i++) await file.append(line(`12-${i % 10}`));
  t.same(readdirSync(folder).sort(), ['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2', 'audit.jsonl.3']);
  t.equal(read(), '12-0\n12-1\n', 'of ten bytes, two lines each');
  t.equal(read('audit.jsonl.1'), '12-8\n12-9\n');
  t.equal(read('audit.jsonl.3'), '12-4\n12-5\n');
  t.same(failures, []);
});

t.test('one write that is longer than a file may be is still one file’s', async (t) => {
  const { file, folder, read } = makeFile(t, { rotateBytes: 10 });
  await file.append(line('x'.repeat(30)));
  await file.append(line('y'));
  t.same(readdirSync(folder).sort(), ['audit.jsonl', 'audit.jsonl.1']);
  t.equal(read('audit.jsonl.1'), `${'x'.repeat(30)}\n`);
});

t.test('with nothing to keep a file that is full is removed', async (t) => {
  const { file, folder, read } = makeFile(t, { rotateBytes: 10, keep: 0 });
  for (let i = 0; i < 5; i++) await file.append(line(`12-${i}`));
  t.same(readdirSync(folder), ['audit.jsonl']);
  t.equal(read(), '12-4\n');
});

t.test('when putting aside fails it writes on, and pushes no older file out by trying again', async (t) => {
  const { file, folder, target, read, failures } = makeFile(t, { rotateBytes: 10, keep: 3 });
  for (let i = 0; i < 4; i++) await file.append(line(`12-${i}`));
  // A directory that isn't empty can't be replaced by a file: the move of the second to the third fails.
  for (const name of ['2', '3']) {
    mkdirSync(`${target}.${name}`);
    writeFileSync(`${target}.${name}/x`, '');
  }
  for (let i = 4; i < 9; i++) await file.append(line(`12-${i}`));
  t.ok(failures.length >= 1);
  t.equal(read(), '12-2\n12-3\n12-4\n12-5\n12-6\n12-7\n12-8\n');
  t.equal(read('audit.jsonl.1'), '12-0\n12-1\n');
  t.equal(readdirSync(folder).length, 4);
});

t.test('a file that somebody has cut short is not put aside early', async (t) => {
  const { file, folder, target, read } = makeFile(t, { rotateBytes: 10 });
  await file.append(line('12-0'));
  await file.append(line('12-1'));
  truncateSync(target);
  await file.append(line('12-2'));
  t.equal(read(), '12-2\n');
  t.same(readdirSync(folder), ['audit.jsonl']);
});

t.test('after it has let go of the file it opens what is at the path then', async (t) => {
  const { file, target, read } = makeFile(t);
  await file.append(line('one'));
  renameSync(target, `${target}.moved`);
  await file.append(line('two'));
  await file.closeHandle();
  await file.append(line('three'));
  t.equal(read('audit.jsonl.moved'), 'one\ntwo\n');
  t.equal(read(), 'three\n');
});

t.test('somebody else’s line in between is kept', async (t) => {
  const { file, target, read } = makeFile(t);
  await file.append(line('one'));
  appendFileSync(target, 'other\n');
  await file.append(line('two'));
  t.equal(read(), 'one\nother\ntwo\n');
});

t.test('what is no regular file is written and never put aside', { skip: process.platform !== 'linux' }, async (t) => {
  const file = new AuditFile({
    path: '/dev/null',
    rules: { rotateBytes: 1, keep: 1, keepDays: 1, fsync: 'always' },
    onRotateFailed: (error) => t.error(error),
  });
  await file.append(line('one'));
  await file.append(line('two'));
  await file.close();
  t.ok(statSync('/dev/null').isCharacterDevice());
});

t.test('a system error is thrown, and the file tried again with the next call', async (t) => {
  const { file, target, folder, read } = makeFile(t, {}, { path: path.join(t.testdir({}), 'blocked/audit.jsonl') });
  const blocked = path.join(folder, 'blocked');
  writeFileSync(blocked, 'a file, not a directory');
  await t.rejects(file.append(line('one')), { code: 'EEXIST' });
  renameSync(blocked, `${target}.away`);
  await file.append(line('one'));
  t.equal(read('blocked/audit.jsonl'), 'one\n');
});

t.test(
  'a file that begins to be older than a day is put aside, and what is older than the days kept is removed',
  async (t) => {
    let now = Date.parse('2026-10-10T12:00:00Z');
    const { file, folder, target } = makeFile(t, { keep: 100, keepDays: 3 }, { now: () => now });
    writeFileSync(target, '{"time":"2026-10-09T13:00:00.000Z"}\n');
    for (const [number, day] of [1, 2, 3, 4].entries()) {
      writeFileSync(`${target}.${number + 1}`, 'old\n');
      const written = new Date(now - day * 86_400_000 + 60_000);
      utimesSync(`${target}.${number + 1}`, written, written);
    }
    await file.open();
    await file.keepUp();
    const named = (numbers: number[]) => ['audit.jsonl', ...numbers.map((number) => `audit.jsonl.${number}`)];
    t.same(readdirSync(folder).sort(), named([1, 2, 3]), 'nothing is a day old, and one is gone');
    now += 59 * 60_000;
    await file.keepUp();
    t.same(readdirSync(folder).sort(), named([1, 2, 3]), 'it is looked once an hour');
    now += 60_000;
    await file.keepUp();
    t.same(readdirSync(folder).sort(), named([1, 2, 3]), 'the one in use became the first, and another one went');
    t.equal(statSync(target).size, 0);
  },
);

t.test('with fewer to keep than there were, those beyond are removed', async (t) => {
  const { file, folder } = makeFile(t, { rotateBytes: 10, keep: 5 });
  for (let i = 0; i < 12; i++) await file.append(line(`12-${i % 10}`));
  file.rules = { ...file.rules, keep: 1 };
  for (let i = 0; i < 2; i++) await file.append(line(`12-${i}`));
  t.same(readdirSync(folder).sort(), ['audit.jsonl', 'audit.jsonl.1']);
});

t.test('each way of forcing lines to the disk writes them', async (t) => {
  for (const fsync of ['never', 'interval', 'always'] as const) {
    const { file, read } = makeFile(t, { fsync });
    await file.append(line('one'));
    await file.keepUp();
    await file.append(line('two'));
    await file.close();
    t.equal(read(), 'one\ntwo\n');
  }
});
