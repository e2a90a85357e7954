import path from 'node:path';
import t, { type Test } from 'tap';
import { checkCommand } from '../../src/commands/check.js';

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

async function run(t: Test, args: readonly string[]): Promise<Outcome> {
  const [out, err] = [t.capture(process.stdout, 'write', () => true), t.capture(process.stderr, 'write', () => true)];
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await checkCommand().parseAsync(args, { from: 'user' });
    const textOf = (calls: readonly { args: unknown[] }[]) => calls.map(({ args: [text] }) => String(text)).join('');
    return { stdout: textOf(out()), stderr: textOf(err()), exitCode: Number(process.exitCode) };
  } finally {
    out.restore();
    err.restore();
    process.exitCode = before;
  }
}

function fileWith(t: Test, yaml: string): string {
  return path.join(t.testdir({ 'pgturnstile.yaml': yaml }), 'pgturnstile.yaml');
}

t.test('a valid file is one line on stdout, its warnings lines on stderr, and 0', async (t) => {
  const file = fileWith(t, 'users: { alice: { secret: hunter2 } }\ntenants: { default: { databases: {} } }');
  const { stdout, stderr, exitCode } = await run(t, ['--config', file]);
  t.equal(stdout, `${file} is valid (tenants 1, databases 0, users 1, policies 0, cases 0)\n`);
  t.match(stderr, `warning: ${file}:1:19 users.alice.secret: is a password in clear; `);
  t.equal(exitCode, 0);
});

t.test('an invalid file is a line on stderr for each complaint, nothing on stdout, and 2', async (t) => {
  const file = fileWith(t, 'listen: { prot: 1 }\nlog: { level: x }');
  const { stdout, stderr, exitCode } = await run(t, ['--config', file]);
  t.equal(stdout, '');
  t.match(stderr.split('\n'), [
    `${file}:1:11 unknown key prot in listen; did you mean port?`,
    `${file}:2:8 log.level`,
    '',
  ]);
  t.equal(exitCode, 2);
});

t.test('a name does nothing to the terminal', async (t) => {
  const folder = t.testdir({
    'pgturnstile.yaml': 'users: { "\\e[2Jx": {} }\ntenants: { default: { policies: [p.yaml], databases: {} } }',
    'p.yaml':
      'version: 1\nroles: [clerk]\nrules: [{ name: r, tables: [public.a], actions: [select] }]\ncatalog: visible',
  });
  const { stderr } = await run(t, ['--config', path.join(folder, 'pgturnstile.yaml')]);
  t.match(stderr, String.raw`user "\u001b[2Jx" has no rights`);
  t.notMatch(stderr, '\x1b');
});

t.test('with --json everything is on stdout, valid or not', async (t) => {
  const bad = fileWith(t, 'listen: { prot: 1 }');
  const refused = await run(t, ['--config', bad, '--json']);
  t.match(JSON.parse(refused.stdout), {
    ok: false,
    errors: [{ line: 1, column: 11, message: 'unknown key prot in listen', hint: 'did you mean port?' }],
  });
  t.equal(refused.stderr, '');
  t.equal(refused.exitCode, 2);
  const good = await run(t, ['--json', '--config', fileWith(t, 'audit: off')]);
  t.match(JSON.parse(good.stdout), { ok: true, errors: [] });
  t.equal(good.exitCode, 0);
});

t.test('a verdict case that fails is 1', async (t) => {
  const folder = t.testdir({
    'pgturnstile.yaml': 'tenants: { default: { policies: [p.yaml], databases: { x: { url: "postgres://db" } } } }',
    'p.yaml': 'version: 1\nrules: [{ name: reads, tables: [public.orders], actions: [select] }]\ncatalog: visible',
    'p.cases.yaml': 'user: alice\ncases: [{ sql: delete from orders, verdict: allow }]',
  });
  const file = path.join(folder, 'pgturnstile.yaml');
  const { stdout, stderr, exitCode } = await run(t, ['--no-connect', '--config', file]);
  t.equal(stdout, '');
  t.match(stderr, /p\.cases\.yaml:2:\d+ .*the case expects allow\n$/);
  t.equal(exitCode, 1);
});

t.test('a file that is not there is 2, and says how to make one', async (t) => {
  const { stderr, exitCode } = await run(t, ['--config', '/nowhere/pgturnstile.yaml']);
  t.match(
    stderr,
    /^\/nowhere\/pgturnstile.yaml: there is no such file; name one with --config, or write one with pgturnstile init\n$/,
  );
  t.equal(exitCode, 2);
});
