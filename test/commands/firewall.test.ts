import path from 'node:path';
import t, { type Test } from 'tap';
import { approved, dropped, listed } from '../../src/commands/firewall.js';
import type { Known } from '../../src/firewall/fingerprint-list.js';
import { editList } from '../../src/firewall/firewall-file.js';
import { builtCli } from '../support/daemon.js';
import { run } from '../support/process.js';

const known = (fingerprint: string, role: string | null, isAllowed: boolean): Known => ({
  ...{ tenant: 'default', role, fingerprint, isAllowed, count: 3, shape: 'select $1' },
  ...{ firstSeen: '2026-01-01T00:00:00.000Z', lastSeen: '2026-01-02T00:00:00.000Z' },
});

const policy = `version: 1
rules: [{ name: r, tables: [public.*], actions: [select] }]
catalog: visible
firewall: { mode: enforce, file: lists/firewall.json }
`;

/** A configuration whose policy names a file with three fingerprints. */
async function configured(t: Test): Promise<{ config: string; file: string }> {
  const folder = t.testdir({
    'pgturnstile.yaml': 'tenants: { default: { policies: [policies/p.yaml] } }',
    policies: { 'p.yaml': policy },
  });
  const file = path.join(folder, 'policies/lists/firewall.json');
  const list = [known('a1', 'analyst', true), known('a2', 'analyst', false), known('a2', null, false)];
  await editList(file, (before) => ({ ...before, known: list }));
  return { config: path.join(folder, 'pgturnstile.yaml'), file };
}

const statuses = async (options: Parameters<typeof listed>[0]) =>
  (await listed(options)).flatMap(({ known }) =>
    known.map(({ fingerprint, role, isAllowed }) => `${fingerprint} ${role} ${isAllowed}`),
  );

t.test('what is known is listed, all or a part of it', async (t) => {
  const { config, file } = await configured(t);
  t.same(await statuses({ config }), ['a1 analyst true', 'a2 analyst false', 'a2 null false']);
  t.same(await statuses({ config, refused: true }), ['a2 analyst false', 'a2 null false']);
  t.same(await statuses({ config: 'none', file, role: '' }), ['a2 null false']);
  t.same(await statuses({ config, tenant: 'other' }), []);
});

t.test('a fingerprint is approved for all, or for one role', async (t) => {
  const { config } = await configured(t);
  t.equal(await approved(['a2'], { config, role: 'analyst' }), 1);
  t.same(await statuses({ config }), ['a1 analyst true', 'a2 analyst true', 'a2 null false']);
  t.equal(await approved(['a2', 'a9'], { config }), 2);
  t.same(await statuses({ config, refused: true }), []);
});

t.test('a statement that never ran is approved by its text', async (t) => {
  const { config } = await configured(t);
  const sql = 'select * from orders where id = 5';
  await t.rejects(listed({ config, file: 'nowhere.json' }), /nowhere.json: there is no such file/);
  await t.rejects(approved([], { config, sql }), /needs --tenant and --role/);
  await t.rejects(approved([], { config, sql: 'selekt', tenant: 'default', role: '' }), /syntax error/);
  await t.rejects(approved([], { config }), /name fingerprints/);
  t.equal(await approved([], { config, sql, tenant: 'default', role: '' }), 1);
  const [found] = await listed({ config, role: '' });
  t.match(found?.known.at(-1), { role: null, isAllowed: true, count: 0, shape: 'select * from orders where id = $1' });
});

t.test('fingerprints are dropped by name, or all that were refused', async (t) => {
  const { config } = await configured(t);
  await t.rejects(dropped([], { config }), /name fingerprints, or --refused/);
  t.equal(await dropped(['a1'], { config }), 1);
  t.equal(await dropped([], { config, refused: true, role: '' }), 1);
  t.same(await statuses({ config }), ['a2 analyst false']);
  t.equal(await dropped(['a1'], { config }), 0);
});

t.test('the command line shows a line for each, and says when there was nothing to do', async (t) => {
  const { config } = await configured(t);
  const firewall = (...args: string[]) => run(process.execPath, [builtCli(), 'firewall', ...args, '--config', config]);
  const shown = await firewall('list', '--refused');
  t.match(shown, {
    code: 0,
    stdout: /^a2 {2}refused {2}default\/analyst {2}3 {2}2026-01-02T00:00:00Z {2}select \$1\n/,
  });
  t.match(await firewall('drop', 'nothing'), { code: 1, stdout: 'dropped 0\n' });
  t.match(await firewall('approve'), { code: 2, stderr: /^pgturnstile: name fingerprints/ });
});

t.test('a client’s text makes no line of its own, and does nothing to the terminal', async (t) => {
  const { config, file } = await configured(t);
  const shape = 'select 1 as "\x1b[2K\r\na9  allowed  default/analyst  1  2026-01-01T00:00:00Z  select"';
  await editList(file, (before) => ({ ...before, known: [{ ...known('a3', null, false), shape }] }));
  const { stdout } = await run(process.execPath, [builtCli(), 'firewall', 'list', '--config', config]);
  t.match(stdout, /^a3 {2}refused [^\x1b\r\n]+\n$/);
});
