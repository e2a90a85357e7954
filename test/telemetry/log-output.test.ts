import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { compiled, root } from '../support/source-tree.js';

const full = '/dev/full';

/** A process that logs more than any pipe holds, and says on standard error that it got through. */
const chatterer = `
  import { createLog } from '${path.join(compiled, 'src/telemetry/log.js')}';
  const log = createLog({ level: 'info', pretty: 'auto' });
  let rounds = 0;
  const chatter = setInterval(() => {
    for (let i = 0; i < 400; i++) log.info('x'.repeat(1000));
    if (++rounds < 20) return;
    clearInterval(chatter);
    process.stderr.write('alive');
  }, 1);
`;

function run(script: string, stdout: 'pipe' | number) {
  const args = ['--input-type=module', '-e', script];
  return spawn(process.execPath, args, { cwd: root, stdio: ['ignore', stdout, 'pipe'], timeout: 30_000 });
}

t.test('a reader that has stopped reading stops nobody', async (t) => {
  const child = run(chatterer, 'pipe');
  const exited = once(child, 'exit');
  child.stdout?.pause();
  const [said] = await once(child.stderr as NodeJS.ReadableStream, 'data');
  t.equal(String(said), 'alive');
  child.stdout?.resume();
  t.same(await exited, [0, null]);
});

t.test('a disk without room stops nobody', { skip: process.platform !== 'linux' }, async (t) => {
  const stdout = openSync(full, 'w');
  t.teardown(() => closeSync(stdout));
  const child = run(chatterer, stdout);
  const exited = once(child, 'exit');
  const [said] = await once(child.stderr as NodeJS.ReadableStream, 'data');
  t.equal(String(said), 'alive');
  t.same(await exited, [0, null]);
});

t.test('the last line before the end of the process is written', async (t) => {
  const script = `
    import { createLog } from '${path.join(compiled, 'src/telemetry/log.js')}';
    const log = createLog({ level: 'info', pretty: false });
    for (let i = 0; i < 1000; i++) log.info({ i }, 'x');
    throw new Error('the end');
  `;
  const child = run(script, 'pipe');
  let text = '';
  child.stdout?.on('data', (data) => {
    text += data;
  });
  await once(child, 'close');
  const lines = text.trimEnd().split('\n');
  t.equal(lines.length, 1000);
  t.equal(JSON.parse(lines.at(-1) as string).i, 999);
});
