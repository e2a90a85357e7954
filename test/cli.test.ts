import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { builtCli } from './support/daemon.js';
import { type Finished, run } from './support/process.js';
import { root } from './support/source-tree.js';

const pgturnstile = (...args: string[]): Promise<Finished> => run(process.execPath, [builtCli(), ...args]);

t.test('help fits a screen, has examples, and is success', async (t) => {
  for (const args of [['--help'], ['help'], ['serve', '--help'], ['help', 'serve'], ['status', '--help']]) {
    const { code, stdout, stderr } = await pgturnstile(...args);
    t.same({ code, stderr }, { code: 0, stderr: '' }, args.join(' '));
    t.match(stdout, 'Examples:');
    const lines = stdout.trimEnd().split('\n');
    t.ok(lines.length <= 40, `${args.join(' ')}: ${lines.length} lines`);
    t.ok(
      lines.every((line) => line.length <= 120),
      'and none is too long',
    );
  }
});

t.test('every command is there, with help of its own', async (t) => {
  const { stdout } = await pgturnstile('--help');
  const files = readdirSync(path.join(root, 'src/commands'))
    .filter((name) => readFileSync(path.join(root, 'src/commands', name), 'utf8').includes('Command(): Command'))
    .map((name) => name.replace(/\.ts$/, ''));
  t.ok(files.includes('serve'));
  for (const name of files) {
    t.match(stdout, new RegExp(`^ {2}${name}\\b`, 'm'));
    t.match((await pgturnstile(name, '--help')).stdout, `Usage: pgturnstile ${name}`);
  }
});

t.test('the version is the package’s', async (t) => {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  for (const flag of ['--version', '-V']) t.match(await pgturnstile(flag), { code: 0, stdout: `${version}\n` });
});

t.test('wrong use is one line on standard error and exit code 2', async (t) => {
  const cases = [
    [['srve'], "pgturnstile: unknown command 'srve' (Did you mean serve?)\n"],
    [['--nonsense'], "pgturnstile: unknown option '--nonsense'\n"],
    [['serve', '--confg', 'x'], "pgturnstile: unknown option '--confg' (Did you mean --config?)\n"],
    [['serve', 'nonsense'], "pgturnstile: too many arguments for 'serve'. Expected 0 arguments but got 1.\n"],
  ] as const;
  for (const [args, stderr] of cases) {
    const finished = await pgturnstile(...args);
    t.match({ ...finished }, { code: 2, stdout: '' }, args.join(' '));
    t.equal(finished.stderr.split(': Expected').join('. Expected'), stderr);
  }
});

t.test('no command at all shows the help, and is wrong use', async (t) => {
  const { code, stdout, stderr } = await pgturnstile();
  t.same({ code, stdout }, { code: 2, stdout: '' });
  t.match(stderr, 'Commands:');
});

t.test('what a terminal would act upon is not printed as it came', async (t) => {
  const { code, stderr } = await pgturnstile('serve', '--config', '\u001b[2Jx');
  t.equal(code, 2);
  t.notMatch(stderr, '\u001b');
});
