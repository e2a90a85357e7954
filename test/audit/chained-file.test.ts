import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { AuditFile, type FileRules } from '../../src/audit/audit-file.js';
import { ChainedFile } from '../../src/audit/chained-file.js';
import { verifyChain } from '../../src/audit/verify-chain.js';

const rules: FileRules = { rotateBytes: 0, keep: 3, keepDays: 0, fsync: 'never' };

/** What begins, and begins again, is one after the other: a file as a run of the daemon sees it. */
function makeRuns(t: Test, key: string | null = null, given: Partial<FileRules> = {}) {
  const target = path.join(t.testdir(), 'audit.jsonl');
  const doubts: string[] = [];
  const run = async (...texts: string[]) => {
    const plain = new AuditFile({
      path: target,
      rules: { ...rules, ...given },
      onRotateFailed: (error) => t.error(error),
    });
    const file = new ChainedFile(plain, { path: target, key, onDoubt: (doubt) => doubts.push(doubt) });
    await file.open();
    for (const text of texts) await file.append(Buffer.from(`{"text":"${text}"}\n`));
    await file.close();
  };
  return { target, doubts, run, lines: () => readFileSync(target, 'latin1').trimEnd().split('\n') };
}

t.test('a chain goes on over restarts', async (t) => {
  const { target, doubts, run } = makeRuns(t);
  await run('one', 'two');
  await run();
  await run('three');
  t.same(doubts, []);
  t.match(await verifyChain([target], null), { ok: true, files: [{ lines: 3 }], breaks: [], remarks: [] });
});

t.test('it begins behind lines that are older than it', async (t) => {
  const { target, run } = makeRuns(t);
  writeFileSync(target, '{"old":1}\n{"old":2}\n');
  await run('one');
  t.match(await verifyChain([target], null), { ok: true, remarks: [/2 lines are older/] });
});

t.test('it goes on over rotation, and in a file that somebody moved', async (t) => {
  const { target, run } = makeRuns(t, null, { rotateBytes: 200 });
  await run('one', 'two', 'three');
  renameSync(target, `${target}.moved`);
  await run('four');
  const files = [target, `${target}.1`, `${target}.moved`];
  const report = await verifyChain(files, null);
  t.match(report, { ok: true, breaks: [] });
  t.same(
    report.files.map(({ file }) => path.basename(file)),
    ['audit.jsonl.1', 'audit.jsonl.moved', 'audit.jsonl'],
  );
});

t.test('a crash between a line and its note breaks nothing', async (t) => {
  const { target, doubts, run } = makeRuns(t);
  await run('one');
  const note = readFileSync(`${target}.chain`);
  await run('two');
  writeFileSync(`${target}.chain`, note);
  await run('three');
  t.same(doubts, []);
  t.match(await verifyChain([target], null), { ok: true });
});

t.test('what was cut off at the end between two runs is told, and found from then on', async (t) => {
  const { target, doubts, run, lines } = makeRuns(t);
  await run('one', 'two', 'three');
  truncateSync(target, `${lines()[0]}\n`.length);
  await run('four');
  t.match(doubts, [/lines are missing at the end/]);
  const report = await verifyChain([target], null);
  t.match(report, { ok: false, breaks: [{ file: target, line: 2, message: /does not follow the line before/ }] });
});

t.test('a file that was emptied is found out as well', async (t) => {
  const { target, run } = makeRuns(t);
  await run('one', 'two');
  truncateSync(target);
  t.match(await verifyChain([target], null), { ok: false, breaks: [{ line: 0, message: /at its end are missing/ }] });
});

t.test('a note that is gone, or not ours, is told', async (t) => {
  const { target, doubts, run } = makeRuns(t, 'a key of some length');
  await run('one', 'two');
  rmSync(`${target}.chain`);
  await run('three');
  writeFileSync(`${target}.chain`, `{"head":"${'0'.repeat(64)}","seal":null}\n`);
  t.match(await verifyChain([target], 'a key of some length'), {
    ok: false,
    breaks: [{ message: /note .* was changed/ }],
  });
  await run('four');
  t.match(doubts, [/no note/, /note .* was changed/]);
  t.match(await verifyChain([target], 'a key of some length'), { ok: true });
});

t.test('with a key nobody else can note an earlier end', async (t) => {
  const key = 'a key of some length';
  const { target, run, lines } = makeRuns(t, key);
  await run('one', 'two', 'three');
  const [first, second] = lines() as [string, string];
  truncateSync(target, `${first}\n`.length);
  const hashOfFirst = /"prev":"([0-9a-f]{64})"/.exec(second)?.[1];
  const note = readFileSync(`${target}.chain`, 'latin1');
  writeFileSync(`${target}.chain`, note.replace(/"head":"[0-9a-f]{64}"/, `"head":"${hashOfFirst}"`));
  t.match(await verifyChain([target], key), { ok: false });
});

t.test('a line that a crash has torn is the one place that is told', async (t) => {
  const { target, run } = makeRuns(t);
  await run('one', 'two');
  appendFileSync(target, '{"text":"thr');
  await run('four', 'five');
  const { breaks } = await verifyChain([target], null);
  t.match(breaks, [{ line: 3, message: /torn by a crash/ }]);
  t.equal(breaks.length, 1);
});

t.test('a write that failed is not hashed twice', async (t) => {
  const target = path.join(t.testdir(), 'blocked', 'audit.jsonl');
  writeFileSync(path.dirname(target), 'a file, not a directory');
  const plain = new AuditFile({ path: target, rules, onRotateFailed: () => {} });
  const file = new ChainedFile(plain, { path: target, key: null, onDoubt: (doubt) => t.fail(doubt) });
  const bytes = Buffer.from('{"text":"one"}\n');
  await t.rejects(file.append(bytes), { code: 'EEXIST' });
  rmSync(path.dirname(target));
  await file.append(bytes);
  await file.closeHandle();
  rmSync(path.dirname(target), { recursive: true });
  writeFileSync(path.dirname(target), '');
  const next = Buffer.from('{"text":"two"}\n');
  await t.rejects(file.append(next));
  rmSync(path.dirname(target));
  await file.append(next);
  await file.close();
  t.match(await verifyChain([target], null), { ok: true, remarks: [/began in an older file/] });
});
