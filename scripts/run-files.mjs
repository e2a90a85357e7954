// Runs the given test files, or all of them, each in a process of its own, and prints what they say as TAP.
//   node scripts/run-files.mjs [--timeout SECONDS] [FILE ...]
// tap's own command would load its compiler and its loaders into each process, which takes longer than most files do.
// What runs is compiled beforehand, for the same reason.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import t from 'tap';
import { compile, compiledFile } from './compile.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { timeout: { type: 'string', default: '300' } },
});

/** The tests are *.test.ts; what they share lives in test/support. */
function allFiles() {
  const names = readdirSync(path.join(root, 'test'), { recursive: true }).filter((name) => name.endsWith('.test.ts'));
  return names.map((name) => path.join('test', name)).sort();
}

// Most files wait for timers and servers more than they compute.
t.jobs = 3;
t.setTimeout(0);
// tap hands a loader on to what it starts, by NODE_OPTIONS, which all that the tests start would load as well.
const bare = ['-u', 'NODE_OPTIONS', process.execPath];
const args = [...bare, '--enable-source-maps'];
const env = { ...process.env, TAP_TIMEOUT: values.timeout };
const timeout = Number(values.timeout) * 1000;
await compile();
for (const file of positionals.length > 0 ? positionals : allFiles()) {
  t.spawn('env', [...args, compiledFile(file)], { buffered: true, cwd: root, env, timeout }, file);
}
