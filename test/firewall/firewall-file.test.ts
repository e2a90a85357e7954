import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { Known } from '../../src/firewall/fingerprint-list.js';
import { editList, readList, versionOf } from '../../src/firewall/firewall-file.js';
import { compiled, root } from '../support/source-tree.js';

const known = (fingerprint: string): Known => ({
  ...{ tenant: 'acme', role: 'a', fingerprint, isAllowed: true, count: 1 },
  ...{ firstSeen: '2026-01-01T00:00:00.000Z', lastSeen: '2026-01-01T00:00:00.000Z', shape: 'select "é"' },
});

const fileIn = (t: Test) => path.join(t.testdir(), 'deep', 'firewall.json');

t.test('a file that is not there is an empty list, and made by the first change, for its owner alone', async (t) => {
  const file = fileIn(t);
  t.match(await readList(file), { parser: 18, known: [] });
  t.equal(await versionOf(file), null);
  await editList(file, (list) => ({ ...list, known: [known('1')] }));
  t.same((await readList(file)).known, [known('1')]);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.same(readdirSync(path.dirname(file)), ['firewall.json']);
});

t.test('a change that throws, or changes nothing, leaves the file alone', async (t) => {
  const file = fileIn(t);
  await editList(file, (list) => ({ ...list, known: [known('1')] }));
  const version = await versionOf(file);
  await editList(file, (list) => list);
  const thrown = editList(file, () => {
    throw new Error('no');
  });
  await t.rejects(thrown, /no/);
  t.equal(await versionOf(file), version);
  t.same(readdirSync(path.dirname(file)), ['firewall.json']);
});

t.test('fingerprints of another parser are never taken for ours', async (t) => {
  const file = path.join(t.testdir(), 'firewall.json');
  writeFileSync(file, '{"version":1,"parser":17,"fingerprints":[]}');
  await t.rejects(readList(file), { message: /PostgreSQL 17's parser, and those of 18 differ; move it away/ });
  await t.rejects(
    editList(file, (list) => list),
    { message: /move it away/ },
  );
});

t.test('a file that is no list is refused, and stays', async (t) => {
  const file = path.join(t.testdir(), 'firewall.json');
  for (const text of ['', '{', '{"version":9}', '\u0000'.repeat(100)]) {
    writeFileSync(file, text);
    await t.rejects(readList(file), { message: /firewall\.json (is not JSON|is of another version).*; move it away/ });
    t.equal(readFileSync(file, 'utf8'), text);
  }
});

t.test('a lock whose holder died is broken after a while, a fresh one is waited for', async (t) => {
  const file = path.join(t.testdir(), 'firewall.json');
  writeFileSync(`${file}.lock`, '');
  const old = new Date(Date.now() - 60_000);
  utimesSync(`${file}.lock`, old, old);
  const order: string[] = [];
  await Promise.all(
    ['1', '2', '3'].map((name) =>
      editList(file, (list) => {
        order.push(name);
        return { ...list, known: [...list.known, known(name)] };
      }),
    ),
  );
  t.same(
    (await readList(file)).known.map(({ fingerprint }) => fingerprint),
    order,
  );
  t.equal(order.length, 3);
});

/** Changes the file for ever; killed at any moment. */
const writer = `
  import { editList } from '${path.join(compiled, 'src/firewall/firewall-file.js')}';
  const known = ${JSON.stringify(known('1'))};
  for (let count = 1; ; count++) {
    await editList(process.env.FIREWALL_FILE, (list) => ({ ...list, known: Array(500).fill({ ...known, count }) }));
    if (count === 1) process.stdout.write('begun');
  }
`;

t.test(
  'a process that is killed while it writes leaves the old list or the new one',
  { timeout: 120_000 },
  async (t) => {
    const file = path.join(t.testdir(), 'firewall.json');
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
        cwd: root,
        env: { ...process.env, FIREWALL_FILE: file, NODE_OPTIONS: '', NODE_V8_COVERAGE: '' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'close');
      const list = await readList(file);
      t.equal(list.known.length, 500);
      t.equal(new Set(list.known.map(({ count }) => count)).size, 1, 'of one write');
      const old = new Date(Date.now() - 60_000);
      try {
        utimesSync(`${file}.lock`, old, old);
      } catch {
        // It was killed between two changes.
      }
    }
  },
);
