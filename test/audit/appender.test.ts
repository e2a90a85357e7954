import t, { type Test } from 'tap';
import { Appender } from '../../src/audit/appender.js';
import type { FileRules } from '../../src/audit/audit-file.js';
import { chunkBytes } from '../../src/audit/line-buffer.js';
import { createLog } from '../../src/telemetry/log.js';
import { until } from '../support/until.js';

/** A file that fails or stalls when it is told to. */
class FakeFile {
  text = '';
  writes = 0;
  opens = 0;
  isClosed = false;
  rules: FileRules = { rotateBytes: 0, keep: 1, keepDays: 0, fsync: 'never' };
  keptUp = 0;
  /** Thrown by `append` while set. */
  error: Error | null = null;
  #stall: Promise<void> | null = null;
  #goOn = () => {};
  #isInside = false;

  async append(bytes: Buffer): Promise<void> {
    if (this.#isInside) throw new Error('two writes at once');
    this.#isInside = true;
    this.writes += 1;
    await (this.#stall ?? Promise.resolve());
    this.#isInside = false;
    if (this.error !== null) throw this.error;
    this.text += bytes.toString('latin1');
  }

  stall(): void {
    this.#stall = new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  goOn(): void {
    this.#stall = null;
    this.#goOn();
  }

  async open(): Promise<void> {
    this.opens += 1;
  }

  async closeHandle(): Promise<void> {}

  async keepUp(): Promise<void> {
    if (this.#isInside) throw new Error('kept up within a write');
    this.keptUp += 1;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

function makeAppender(t: Test, bufferBytesMax = 100 * chunkBytes) {
  const file = new FakeFile();
  const counted = { written: 0, lost: 0 };
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ level: 'info', pretty: false }, { write: (line) => logged.push(JSON.parse(line)) });
  const appender = new Appender({ file, path: 'audit.jsonl', bufferBytesMax, log, counted });
  t.teardown(() => {
    file.error = null;
    file.goOn();
    return appender.close(1_000);
  });
  return { file, counted, logged, appender };
}

const line = (number: number) => `{"number":${number}}\n`;
const numbers = (text: string) => [...text.matchAll(/"number":(\d+)/g)].map(([, number]) => Number(number));
const upTo = (end: number) => Array.from({ length: end }, (_, number) => number);
const noSpace = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

t.test('lines that come together are written together, soon, without being asked for', async (t) => {
  const { file, appender, counted } = makeAppender(t);
  for (const number of upTo(100)) appender.append(line(number));
  t.equal(file.writes, 0, 'nobody waits for the disk');
  await until('written', () => file.text !== '');
  t.equal(file.writes, 1);
  t.same(numbers(file.text), upTo(100));
  t.equal(counted.written, 100);
});

t.test('a full chunk is written at once, one write at a time', async (t) => {
  const { file, appender } = makeAppender(t);
  for (const number of upTo(50_000)) appender.append(line(number));
  t.equal(file.writes, 1);
  await appender.flush();
  t.same(numbers(file.text), upTo(50_000));
  t.ok(file.writes <= 15, `${file.writes} writes`);
});

t.test('while a write is under way lines are kept, and follow in order', async (t) => {
  const { file, appender } = makeAppender(t);
  file.stall();
  appender.append(line(0));
  const first = appender.flush();
  for (const number of [1, 2, 3]) appender.append(line(number));
  t.equal(file.writes, 1);
  file.goOn();
  await first;
  t.same(numbers(file.text).slice(0, 1), [0]);
  await appender.flush();
  t.same(numbers(file.text), [0, 1, 2, 3]);
});

t.test('flush resolves although others keep appending', async (t) => {
  const { file, appender } = makeAppender(t);
  let isDone = false;
  let number = 0;
  const busy = setInterval(() => appender.append(line(number++)), 0);
  appender.append(line(number++));
  await appender.flush().then(() => {
    isDone = true;
  });
  clearInterval(busy);
  t.ok(isDone);
  t.equal(numbers(file.text)[0], 0);
  await appender.flush();
  t.same(numbers(file.text), upTo(number));
});

t.test('a write that fails is tried again with the same lines, and nothing is lost', async (t) => {
  const { file, appender, counted, logged } = makeAppender(t);
  file.error = noSpace();
  appender.append(line(0));
  const flushed = appender.flush();
  await until('tried', () => file.writes > 0);
  for (const number of [1, 2, 3]) appender.append(line(number));
  file.error = null;
  await flushed;
  await appender.flush();
  t.same(numbers(file.text), [0, 1, 2, 3]);
  t.same(counted, { written: 4, lost: 0 });
  t.match(logged, [
    { level: 'error', err: { code: 'ENOSPC' } },
    { level: 'warn', lost: 0 },
  ]);
});

t.test('what does not fit is lost, counted, and told in the place where it is missing', async (t) => {
  const { file, appender, counted, logged } = makeAppender(t, 2 * chunkBytes);
  file.error = noSpace();
  const total = 20_000;
  for (const number of upTo(total)) appender.append(line(number));
  await until('refused by the disk', () => logged.length > 0);
  t.ok(appender.pendingBytes <= 2 * chunkBytes);
  const { lost } = counted;
  t.ok(lost > 0);
  file.error = null;
  await appender.flush();
  await until('the gap told', () => file.text.includes('gap'));
  appender.append(line(total));
  await appender.flush();
  t.same(numbers(file.text), [...upTo(total - lost), total]);
  const lines = file.text.trimEnd().split('\n');
  t.match(JSON.parse(lines.at(-2) as string), { kind: 'gap', lost, reason: 'ENOSPC', since: /^\d{4}-/ });
  t.same(counted, { written: total - lost + 2, lost });
});

t.test('a disk that is only slow loses what does not fit as well, and says so', async (t) => {
  const { file, appender, counted } = makeAppender(t, 2 * chunkBytes);
  file.stall();
  for (const number of upTo(20_000)) appender.append(line(number));
  file.goOn();
  await until('the gap told', () => file.text.includes('"gap"'));
  t.match(file.text, `"lost":${counted.lost}`);
  t.match(file.text, '"reason":"slow"');
});

t.test('a single line that is too long for the buffer is lost, and the next one is not', async (t) => {
  const { file, appender } = makeAppender(t, 2 * chunkBytes);
  appender.append(`${'x'.repeat(3 * chunkBytes)}\n`);
  await until('the gap told', () => file.text.includes('"lost":1'));
  appender.append(line(1));
  await appender.flush();
  t.same(numbers(file.text), [1]);
});

t.test('trouble that lasts is logged once in a while, not with every event', async (t) => {
  const { file, appender, logged } = makeAppender(t);
  file.error = noSpace();
  for (const number of upTo(4)) {
    appender.append(line(number));
    void appender.flush();
    await until('tried', () => file.writes > number);
  }
  t.equal(logged.length, 1);
});

t.test('close writes what there is', async (t) => {
  const { file, appender, counted } = makeAppender(t);
  for (const number of upTo(10)) appender.append(line(number));
  await appender.close(1_000);
  t.same(numbers(file.text), upTo(10));
  t.ok(file.isClosed);
  appender.append(line(10));
  t.same(counted, { written: 10, lost: 1 }, 'what comes after is lost, and counted');
});

t.test('close writes the line about a gap as well', async (t) => {
  const { file, appender, counted, logged } = makeAppender(t, 2 * chunkBytes);
  file.error = noSpace();
  for (const number of upTo(20_000)) appender.append(line(number));
  await until('refused by the disk', () => logged.length > 0);
  file.error = null;
  await appender.close(1_000);
  t.match(file.text, `"lost":${counted.lost}`);
});

t.test('close does not wait for a disk that stands still, and says what was lost', async (t) => {
  const { file, appender, counted, logged } = makeAppender(t);
  file.stall();
  for (const number of upTo(10)) appender.append(line(number));
  await appender.close(20);
  t.same(counted, { written: 0, lost: 10 });
  t.match(logged.at(-1), { level: 'error', lost: 10 });
});

t.test('reopen opens the path anew, even when nothing is written', async (t) => {
  const { file, appender } = makeAppender(t);
  appender.reopen();
  await until('opened', () => file.opens === 1);
  file.stall();
  appender.append(line(0));
  const flushed = appender.flush();
  appender.reopen();
  file.goOn();
  await flushed;
  await until('opened after the write that was under way', () => file.opens === 2);
  t.same(numbers(file.text), [0]);
});

t.test('a file with rules of time is kept up once a second, between writes', async (t) => {
  const { file, appender } = makeAppender(t);
  appender.reopen({ ...file.rules, fsync: 'interval' });
  appender.append(line(0));
  await until('kept up', () => file.keptUp > 0);
  t.same(numbers(file.text), [0]);
});
