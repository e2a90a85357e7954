// Runs the given test files, or all of them. Prints a line a file, every failure with its diagnostics, every
// skipped test and every comment, and closes with one line: `N passed, N failed`, or `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const runFiles = fileURLToPath(new URL('run-files.mjs', import.meta.url));

/** Picks the lines worth reading out of tap's protocol. A failure's YAML block follows it, up to its `...`. */
function createFilter() {
  let isInDiagnostics = false;
  return (line) => {
    if (isInDiagnostics) {
      if (/^\s*\.\.\.$/.test(line)) isInDiagnostics = false;
      return true;
    }
    if (/^\s*not ok /.test(line)) return true;
    if (/^\s*---$/.test(line)) {
      isInDiagnostics = true;
      return true;
    }
    if (/^\s*# (Subtest:|time=|No coverage)/.test(line)) return false;
    return /^ok /.test(line) || / # (SKIP|TODO)/.test(line) || /^\s*(#|Bail out!)/.test(line);
  };
}

/** `# { total: 12, pass: 10, fail: 1, skip: 1 }` as numbers; null for any other line. */
function readSums(line) {
  if (!/^# \{ total: .*\}$/.test(line)) return null;
  const sum = (name) => Number(line.match(new RegExp(`\\b${name}: (\\d+)`))?.[1] ?? 0);
  return { passed: sum('pass'), failed: sum('fail'), skipped: sum('skip') + sum('todo') };
}

const child = spawn(process.execPath, [runFiles, ...process.argv.slice(2)], { stdio: ['ignore', 'pipe', 'inherit'] });
const exited = once(child, 'exit');
const isWorthReading = createFilter();
let sums = { passed: 0, failed: 0, skipped: 0 };
for await (const line of createInterface({ input: child.stdout })) {
  sums = readSums(line) ?? sums;
  if (isWorthReading(line)) process.stdout.write(`${line}\n`);
}

const [status] = await exited;
const isGreen = status === 0 && sums.failed === 0 && sums.passed + sums.skipped > 0;
// A file that died without a failing assertion, and a run of nothing, are failures too.
const failures = isGreen ? 0 : Math.max(sums.failed, 1);
const skips = sums.skipped > 0 ? `, ${sums.skipped} skipped` : '';
process.stdout.write(`\n${sums.passed} passed, ${failures} failed${skips}\n`);
process.exitCode = isGreen ? 0 : 1;
