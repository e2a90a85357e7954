import { closeSync, existsSync, openSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config/config.js';
import { defaultAdmin, defaultListen } from '../config/defaults.js';
import { loadConfig } from '../config/load-config.js';
import type { Daemon } from '../daemon/daemon.js';
import { ProxyError } from '../errors/proxy-error.js';
import { defaultDataFolder } from '../quickstart/data-folder.js';
import { freePort } from '../quickstart/free-port.js';
import type { Guide } from '../quickstart/guide.js';
import { inFrontOfUrl } from '../quickstart/in-front-of-url.js';
import { startQuickStart } from '../quickstart/quick-start.js';
import { createLog, type Log } from '../telemetry/log.js';
import { openLogOutput } from '../telemetry/log-output.js';
import type { PrimaryOptions, WorkersDaemon } from '../workers/primary.js';
import { wrongUse } from './wrong-use.js';

const usualFile = 'pgturnstile.yaml';
/** The terminal sends Ctrl-C to npm and to us, and npm passes its own on: a second signal this soon is the first one's echo. */
const sameStopWithinMs = 300;

interface ServeOptions {
  readonly config?: string;
  readonly port?: number;
  readonly data?: string;
}

/** What is served, and what goes with it. */
interface Served {
  readonly config: Config;
  readonly reloadConfig: () => Promise<Config>;
  readonly guide?: Guide;
  /** The quick start's. */
  readonly database?: { readonly ended: Promise<void>; stop(): Promise<void> };
}

export function serveCommand(): Command {
  return new Command('serve')
    .summary('run the daemon; without a configuration: to try it')
    .description('run the daemon; without a configuration: in front of DATABASE_URL, or the embedded quick start')
    .addOption(
      new Option('--config <file>', `configuration; left out: ./${usualFile} if it is there`).conflicts([
        'port',
        'data',
      ]),
    )
    .option('--port <number>', 'without a configuration: where clients connect, 0 for any free port', parsePort)
    .option('--data <folder>', "the quick start's database; left out: pgturnstile in the user's data folder")
    .addHelpText('after', `\n${examples}`)
    .action(async (options: ServeOptions) => serve(await prepare(options, process.env)));
}

const examples = `Examples:
  pgturnstile serve                                        a PostgreSQL of its own, with a sample to try
  DATABASE_URL=postgres://app@db:5432/app pgturnstile serve
  pgturnstile serve --config /etc/pgturnstile/pgturnstile.yaml

Signals: TERM and INT let transactions end and stop, a second one stops at once; HUP reads the configuration again;\nUSR2 starts new workers in place of the old ones.`;

function parsePort(given: string): number {
  const port = /^\d{1,5}$/.test(given) ? Number(given) : -1;
  if (port < 0 || port > 65_535) throw new InvalidArgumentError('It is a number from 0 to 65535.');
  return port;
}

async function prepare(options: ServeOptions, env: NodeJS.ProcessEnv): Promise<Served> {
  const file = options.config ?? (existsSync(usualFile) ? usualFile : null);
  if (file !== null) return fromFile(file, options, env);
  const listen = { port: options.port ?? (await freePort(defaultListen.port)) };
  // Who asks for any port wants no collision on the other one either.
  const adminPort = options.port === 0 ? 0 : defaultAdmin.port;
  const { DATABASE_URL: url = '' } = env;
  if (url === '') {
    const dataFolder = options.data ?? defaultDataFolder(env);
    const started = await startQuickStart({ dataFolder, listen, adminPort, onProgress: say });
    return { ...started, reloadConfig: async () => started.config };
  }
  if (options.data !== undefined) throw wrongUse('--data is for the embedded database, and DATABASE_URL names another');
  const { config, guide } = await inFrontOfUrl(url, { listen, adminPort });
  return { config, guide, reloadConfig: async () => config };
}

async function fromFile(file: string, { port, data }: ServeOptions, env: NodeJS.ProcessEnv): Promise<Served> {
  if (port !== undefined) throw wrongUse(`the port is listen.port in ${file}; leave --port out`);
  if (data !== undefined) throw wrongUse(`--data is for the embedded database, and ${file} names another`);
  const reloadConfig = () => loadConfig(file, env);
  return { config: await reloadConfig(), reloadConfig };
}

/** Runs the daemon until it is told to stop, or its own database ends. */
async function serve(served: Served): Promise<void> {
  const { config, reloadConfig, guide, database } = served;
  const output = openLogOutput();
  const log = createLog(config.log, output);
  try {
    const starting = start({ config, reloadConfig, log, output });
    listenToSignals(starting, log, guide !== undefined);
    const daemon = await starting;
    // By the same way as the log, so that it comes after what was logged before.
    if (guide !== undefined) output.write(`${guide(daemon.listening)}\n`);
    const lost = database?.ended.then(() => true);
    const isLost = await Promise.race([daemon.stopped.then(() => false), ...(lost === undefined ? [] : [lost])]);
    if (!isLost) return;
    await daemon.stop();
    throw new ProxyError('internal', 'the embedded database has ended; start again');
  } finally {
    await database?.stop();
  }
}

/** Loads what runs: help and the other commands do without it, and who starts workers has little of it. */
async function start(options: PrimaryOptions): Promise<Daemon | WorkersDaemon> {
  if (options.config.listen.workers > 1) {
    const { startWorkers } = await import('../workers/primary.js');
    return startWorkers(options);
  }
  const { startDaemon } = await import('../main.js');
  return startDaemon({ ...options, warmsUp: true });
}

/** What is to be read or replaced waits until all is up; what is to stop before that ends at once. */
function listenToSignals(starting: Promise<Daemon | WorkersDaemon>, log: Log, isForPeople: boolean): void {
  const whenUp = (act: (daemon: Daemon | WorkersDaemon) => unknown) => void starting.then(act, () => {});
  let stoppedAtMs: number | null = null;
  const stop = (signal: NodeJS.Signals) => {
    if (stoppedAtMs === null) {
      stoppedAtMs = performance.now();
      whenUp((daemon) => daemon.stop());
    } else if (performance.now() - stoppedAtMs > sameStopWithinMs) {
      log.warn({ signal }, 'stopping at once');
      process.exit(1);
    }
  };
  whenUp(() => {
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
  const hadTerminal = isForPeople && process.stdout.isTTY === true;
  process.on('SIGHUP', () => {
    // What was started to be tried out ends with its terminal; a configured daemon outlives it.
    if (hadTerminal && !hasTerminal()) stop('SIGHUP');
    else whenUp((daemon) => daemon.reload());
  });
  process.on('SIGUSR2', () => {
    whenUp((daemon) => {
      if ('restart' in daemon) return daemon.restart();
      log.warn('not restarted: one process can not take its own place; set listen.workers');
    });
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
