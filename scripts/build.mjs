// Compiles src/, protocol/ and certs/ to dist/, and makes one file of what the judging thread loads. With --if-stale only
// when a source is newer than the last build.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const stamp = path.join(root, 'dist', '.built');
const cli = path.join(root, 'dist', 'src', 'cli.js');
const sources = ['src', 'protocol', 'certs', 'tsconfig.json', 'tsconfig.build.json'];

function newestMs(file) {
  if (!existsSync(file)) return 0;
  const stats = statSync(file);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return readdirSync(file).reduce((newest, name) => Math.max(newest, newestMs(path.join(file, name))), stats.mtimeMs);
}

function isStale() {
  if (!existsSync(stamp)) return true;
  const builtMs = statSync(stamp).mtimeMs;
  return sources.some((source) => newestMs(path.join(root, source)) > builtMs);
}

function findCompiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    process.stderr.write('build: typescript is not installed; run `npm ci` without --omit=dev first\n');
    process.exit(1);
  }
}

async function build() {
  // The stamp carries the time the build began: a source saved while the compiler runs counts as newer.
  const startedAt = new Date();
  const compiler = [findCompiler(), '-p', path.join(root, 'tsconfig.build.json')];
  const { status } = spawnSync(process.execPath, compiler, { stdio: 'inherit' });
  if (existsSync(cli)) {
    const { bundleThread } = await import('./bundle-thread.mjs');
    await bundleThread(path.join(root, 'dist'));
    chmodSync(cli, 0o755);
    writeFileSync(stamp, '');
    utimesSync(stamp, startedAt, startedAt);
  }
  return status ?? 1;
}

const lock = path.join(root, 'dist', '.building');
const lockDeadlineMs = 120_000;

/** One compiler at a time in dist/. A lock that outlived any build was left by one that was killed. */
function takeLock() {
  mkdirSync(path.dirname(lock), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) > lockDeadlineMs) releaseLock();
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

function releaseLock() {
  if (existsSync(lock)) rmdirSync(lock);
}

const isForced = !process.argv.includes('--if-stale');
if (isForced || isStale()) {
  takeLock();
  try {
    // Whoever had the lock before may have built what was missing here.
    if (isForced || isStale()) process.exitCode = await build();
  } finally {
    releaseLock();
  }
}
