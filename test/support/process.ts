import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Written to the program's standard input, which is then closed. Left out: the input is empty. */
  input?: string | Buffer;
  /** The program is killed and the run fails when it takes longer. */
  deadlineMs?: number;
  /** For root: the account that the program runs as. */
  account?: { uid: number; gid: number } | undefined;
}

export interface Finished {
  /** The exit code; null when a signal ended the program. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A RegExp, or anything that looks at the whole output and is readable as a string. */
interface Pattern {
  test(output: string): boolean;
  toString(): string;
}

export interface Running {
  pid: number;
  child: ChildProcess;
  /** What has been printed so far. */
  output(): string;
  /** Resolves when standard output and error together match; rejects when the program ends or the deadline passes first. */
  untilOutput(pattern: Pattern, deadlineMs?: number): Promise<void>;
  finished: Promise<Finished>;
}

const defaultDeadlineMs = 60_000;

/** Starts a program with piped standard streams. It is killed, by its id, when its deadline passes. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Running {
  const { deadlineMs = defaultDeadlineMs } = options;
  const spawnOptions: SpawnOptions = { stdio: 'pipe', env: { ...process.env, ...options.env } };
  if (options.cwd !== undefined) spawnOptions.cwd = options.cwd;
  if (options.account !== undefined) Object.assign(spawnOptions, options.account);
  const child = spawn(command, args, spawnOptions);
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  // A program that ends before it has read its input is judged by its exit code, not by the broken pipe.
  child.stdin?.on('error', () => {});
  const text = (name: 'stdout' | 'stderr') => Buffer.concat(chunks[name]).toString('utf8');
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, deadlineMs);

  const finished = once(child, 'close').then(([code, signal]: unknown[]): Finished => {
    if (isLate) throw new Error(`${command} took longer than ${deadlineMs} ms\n${text('stdout')}${text('stderr')}`);
    const exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
    return { ...exit, stdout: text('stdout'), stderr: text('stderr') };
  });
  finished.finally(() => clearTimeout(timer)).catch(() => {});

  const output = () => text('stdout') + text('stderr');
  return {
    pid: child.pid ?? -1,
    child,
    output,
    finished,
    untilOutput: (pattern, waitMs = defaultDeadlineMs) => untilOutput(child, output, pattern, waitMs),
  };
}

function untilOutput(child: ChildProcess, output: () => string, pattern: Pattern, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      child.stdout?.off('data', look);
      child.stderr?.off('data', look);
      child.off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const look = () => {
      if (pattern.test(output())) settle();
    };
    const onClose = () => settle(new Error(`the program ended before it printed ${String(pattern)}\n${output()}`));
    const timer = setTimeout(
      () => settle(new Error(`no ${String(pattern)} in ${deadlineMs} ms\n${output()}`)),
      deadlineMs,
    );
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', onClose);
    look();
  });
}

/** Runs a program to its end. Rejects when it can't be started or is late, not when it fails: look at `code`. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const running = start(command, args, options);
  running.child.stdin?.end(options.input ?? '');
  return await running.finished;
}

/** As `run`, but a program that fails is an error that shows what it printed. Gives its standard output. */
export async function runOrThrow(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, signal, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}\n${stdout}${stderr}`);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The folder's or else the PATH's program of that name, as an absolute path; null when there is none. */
export function findTool(name: string, folders: readonly string[] = []): string | null {
  const searched = [...folders, ...(process.env.PATH ?? '').split(path.delimiter)].filter((folder) => folder !== '');
  return searched.map((folder) => path.join(folder, name)).find(isExecutable) ?? null;
}
