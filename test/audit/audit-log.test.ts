import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { AuditLog, type AuditLogOptions, openAudit } from '../../src/audit/audit-log.js';
import { defaultAudit } from '../../src/config/defaults.js';
import { createLog } from '../../src/telemetry/log.js';
import { findTool } from '../support/process.js';
import { compiled, root } from '../support/source-tree.js';
import { until } from '../support/until.js';

const who = { tenant: 'acme', database: 'sales', user: 'alice', address: '127.0.0.1:5', application: 'psql' };
const what = {
  actions: ['select'],
  relations: [{ name: 'public.t', actions: ['select'] }],
  shape: 'select $1 from t',
  text: 'select 1 from t',
  verdict: 'allow' as const,
  rules: ['read'],
  isRewritten: false,
};

const end = { rows: 1, copyBytes: null, durationMs: 1, sqlstate: null };

async function open(t: Test, file: string, options: Partial<AuditLogOptions> = {}, config = {}) {
  const counted = { written: 0, lost: 0 };
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ level: 'info', pretty: false }, { write: (line) => logged.push(JSON.parse(line)) });
  const audit = await openAudit({ ...defaultAudit, file, ...config }, { log, counted, ...options });
  t.teardown(() => audit.close());
  const client = audit.clientPart(who);
  const statement = audit.statementPart(what);
  const record = (times: number, sqlstate: string | null = null) => {
    for (let i = 0; i < times; i++)
      audit.statement(client, statement, { rows: 1, copyBytes: null, durationMs: 0.5, sqlstate });
  };
  return { audit, counted, logged, record };
}

function linesOf(file: string): Record<string, unknown>[] {
  const text = readFileSync(file, 'utf8');
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
}

t.test('statements and other events are lines of a file that only its owner reads', async (t) => {
  const file = path.join(t.testdir(), 'audit.jsonl');
  const { audit, counted, record } = await open(t, file);
  const before = new Date().toISOString();
  audit.write({ kind: 'start' });
  record(1, '42501');
  audit.write({ kind: 'auth', ...who, verdict: 'deny', method: 'md5', sqlstate: '28P01' });
  await audit.flush();
  const [start, statement, auth] = linesOf(file);
  t.match(start, { kind: 'start', time: /Z$/ });
  t.match(statement, { kind: 'statement', ...who, action: 'select', rows: 1, durationMs: 0.5, sqlstate: '42501' });
  t.match(auth, { kind: 'auth', user: 'alice', verdict: 'deny' });
  t.ok(String(start?.time) >= before && String(auth?.time) <= new Date().toISOString());
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.same(counted, { written: 3, lost: 0 });
});

t.test('what is recorded appears without a flush', async (t) => {
  const file = path.join(t.testdir(), 'audit.jsonl');
  const { record } = await open(t, file);
  record(1);
  await until('written', () => linesOf(file).length === 1);
});

t.test('texts are kept only in the mode full', async (t) => {
  const file = path.join(t.testdir(), 'audit.jsonl');
  const shapes = await open(t, file);
  t.notOk(shapes.audit.keepsTexts);
  const texts = await open(t, file, {}, { statements: 'full' });
  t.ok(texts.audit.keepsTexts);
  texts.record(1);
  await texts.audit.flush();
  t.match(linesOf(file), [{ statement: 'select 1 from t' }]);
});

t.test('an audit log that is off takes everything and writes nothing', async (t) => {
  const log = createLog({ level: 'silent', pretty: false });
  const audit = await openAudit(null, { log, counted: { written: 0, lost: 0 } });
  t.notOk(audit.isOn);
  audit.write({ kind: 'start' });
  audit.statement(audit.clientPart(who), audit.statementPart(what), end);
  audit.reopen(null);
  await audit.flush();
  await audit.close();
  t.ok(audit instanceof AuditLog);
});

t.test('a file that cannot be opened is known at once, and named', async (t) => {
  const folder = t.testdir({ file: '' });
  const file = path.join(folder, 'file', 'audit.jsonl');
  await t.rejects(open(t, file), { code: 'configInvalid', message: /audit\.jsonl|file'.*audit\.file/ });
});

t.test('every line is in one of the files after many rotations, once and in order', async (t) => {
  const folder = t.testdir();
  const file = path.join(folder, 'audit.jsonl');
  const { audit } = await open(t, file, {}, { rotateBytes: 200_000, keep: 100 });
  const client = audit.clientPart(who);
  const total = 10_000;
  for (let number = 0; number < total; number++) {
    audit.statement(client, audit.statementPart({ ...what, rules: [`rule ${number}`] }), { ...end, rows: number });
    if (number % 500 === 0) await audit.flush();
  }
  await audit.close();
  const numbers: unknown[] = [];
  let aside = 0;
  while (statSync(`${file}.${aside + 1}`, { throwIfNoEntry: false }) !== undefined) aside += 1;
  t.ok(aside >= 10, `${aside} files put aside`);
  for (let number = aside; number >= 1; number--) {
    t.ok(statSync(`${file}.${number}`).size <= 200_000);
    numbers.push(...linesOf(`${file}.${number}`).map(({ rows }) => rows));
  }
  numbers.push(...linesOf(file).map(({ rows }) => rows));
  t.same(
    numbers,
    Array.from({ length: total }, (_, number) => number),
  );
});

t.test('after somebody has moved the file, reopen begins another', async (t) => {
  const file = path.join(t.testdir(), 'audit.jsonl');
  const { audit, record } = await open(t, file);
  record(3);
  await audit.flush();
  renameSync(file, `${file}.moved`);
  audit.reopen(null);
  await until('begun', () => statSync(file, { throwIfNoEntry: false }) !== undefined);
  record(2);
  await audit.flush();
  t.equal(linesOf(`${file}.moved`).length, 3);
  t.equal(linesOf(file).length, 2);
});

t.test('a reload changes from what size on the file is put aside', async (t) => {
  const folder = t.testdir();
  const file = path.join(folder, 'audit.jsonl');
  const { audit, record } = await open(t, file);
  record(100);
  await audit.flush();
  audit.reopen({ ...defaultAudit, file, rotateBytes: 1_000, keep: 1 });
  record(1);
  await audit.flush();
  t.equal(linesOf(`${file}.1`).length, 100);
  t.equal(linesOf(file).length, 1);
});

const noFullDevice = process.platform === 'linux' ? false : 'needs /dev/full';

t.test('a device without room: nobody waits or sees an error, and it is told', { skip: noFullDevice }, async (t) => {
  const { counted, logged, record, audit } = await open(t, '/dev/full', {
    bufferBytesMax: 1_000_000,
    closeTimeoutMs: 50,
  });
  record(10_000);
  t.ok(counted.lost > 5_000);
  await until('logged', () => logged.length > 0);
  t.match(logged[0], { level: 'error', file: '/dev/full', err: { code: 'ENOSPC' } });
  await audit.close();
  t.same(counted, { written: 0, lost: 10_000 });
});

const smallDisk = mkdtempSync(path.join(tmpdir(), 'pgturnstile-disk-'));
const [mount, unmount] = [findTool('mount'), findTool('umount')];

/** Mounts a disk of 256 kB of its own; false where this user may not. */
function mountSmallDisk(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || mount === null || unmount === null) return false;
  try {
    execFileSync(mount, ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', smallDisk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const noSmallDisk = mountSmallDisk() ? false : 'this user cannot mount a disk';
t.teardown(() => {
  if (noSmallDisk === false) execFileSync(unmount as string, [smallDisk]);
  rmdirSync(smallDisk);
});

t.test(
  'a disk that was full and has room again: no line is torn, the gap is told',
  { skip: noSmallDisk },
  async (t) => {
    const file = path.join(smallDisk, 'audit.jsonl');
    const ballast = path.join(smallDisk, 'ballast');
    writeFileSync(ballast, Buffer.alloc(100_000));
    const { audit, counted, logged, record } = await open(t, file, { bufferBytesMax: 131_072 });
    let recorded = 0;
    // The last write is cut by the disk's end, in the middle of a line.
    while (logged.length === 0) {
      record(100);
      recorded += 100;
      void audit.flush();
      await until('written or refused', () => counted.written === recorded || logged.length > 0);
    }
    t.match(logged[0], { err: { code: 'ENOSPC' } });
    record(1_000);
    recorded += 1_000;
    const { lost } = counted;
    t.ok(lost > 0);
    rmSync(ballast);
    await until('the gap told', () => readFileSync(file, 'utf8').includes('"gap"'));
    record(10);
    await audit.flush();
    const lines = linesOf(file);
    const gap = lines.findIndex(({ kind }) => kind === 'gap');
    t.match(lines[gap], { lost, reason: 'ENOSPC' });
    t.equal(lines.filter(({ kind }) => kind === 'statement').length, recorded - lost + 10);
    t.equal(lines.length - gap - 1, 10, 'what came after is behind it');
    t.equal(counted.written, lines.length);
  },
);

/** Records more than its file may grow to (ulimit -f, in kB), then moves the file away as an operator would. */
const limited = `
  import { renameSync } from 'node:fs';
  import { openAudit } from '${path.join(compiled, 'src/audit/audit-log.js')}';
  import { createLog } from '${path.join(compiled, 'src/telemetry/log.js')}';
  const file = process.env.AUDIT_FILE;
  const counted = { written: 0, lost: 0 };
  let refused;
  const isRefused = new Promise((resolve) => { refused = resolve; });
  const log = createLog({ level: 'info', pretty: false }, { write: (line) => refused(JSON.parse(line).err?.code) });
  const config = { file, rotateBytes: 0, keep: 1, keepDays: 0, fsync: 'never', chain: false, chainKey: null, statements: 'shape' };
  const audit = await openAudit(config, { log, counted });
  for (let i = 0; i < 5_000; i++) audit.write({ kind: 'auth', user: String(i) });
  const code = await isRefused;
  renameSync(file, file + '.full');
  await audit.close();
  process.stdout.write(JSON.stringify({ code, ...counted }));
`;

const noUlimit = process.platform === 'win32' ? 'needs ulimit' : false;

t.test(
  'a file that may not grow further, moved away, is followed by one without a gap',
  { skip: noUlimit },
  async (t) => {
    const file = path.join(t.testdir(), 'audit.jsonl');
    // What a test runner has node do beside would be limited as well.
    const command =
      'unset NODE_OPTIONS NODE_V8_COVERAGE && ulimit -f 200 && exec "$0" --input-type=module -e "$SCRIPT"';
    const child = spawn('bash', ['-c', command, process.execPath], {
      cwd: root,
      env: { ...process.env, SCRIPT: limited, AUDIT_FILE: file },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    t.same(await once(child, 'close'), [0, null]);
    t.same(JSON.parse(said), { code: 'EFBIG', written: 5_000, lost: 0 });
    // The line that was cut when the file could grow no more is whole in the next one.
    const full = readFileSync(`${file}.full`, 'utf8');
    const whole = full.slice(0, full.lastIndexOf('\n') + 1);
    const users = [...whole.trimEnd().split('\n'), ...readFileSync(file, 'utf8').trimEnd().split('\n')].map(
      (line) => (JSON.parse(line) as { user: string }).user,
    );
    t.same(
      users,
      Array.from({ length: 5_000 }, (_, number) => String(number)),
    );
  },
);

t.test('recording a statement takes about a microsecond at most', async (t) => {
  const { audit, record } = await open(t, path.join(t.testdir(), 'audit.jsonl'));
  const rounds = 10_000;
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 10; attempt++) {
    const startedAt = performance.now();
    record(rounds);
    best = Math.min(best, performance.now() - startedAt);
    await audit.flush();
  }
  const nanoseconds = (best * 1e6) / rounds;
  t.comment(`${nanoseconds.toFixed(0)} ns a statement`);
  t.ok(nanoseconds < 5_000);
});
