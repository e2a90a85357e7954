import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { AuthDesk, type AuthDeskOptions } from '../../src/auth/auth-desk.js';
import type { Config } from '../../src/config/config.js';
import { parseConfig } from '../../src/config/load-config.js';
import { TimerWheel } from '../../src/limits/timer-wheel.js';
import { Listener } from '../../src/listener/listener.js';
import { createListenerCounters, type ListenerCounters } from '../../src/listener/listener-counters.js';
import { admitClient } from '../../src/session/startup/admit-client.js';
import type { AdmittedClient } from '../../src/session/startup/admitted-client.js';
import type { AuthEvent } from '../../src/session/startup/authenticate.js';
import { createLog } from '../../src/telemetry/log.js';
import { loadServerTls } from '../../src/tls/server-tls.js';
import { type Authority, createAuthority } from './certificates.js';
import { cstring, int16, int32, message } from './raw-messages.js';

/** The part of the daemon in front of the sessions, and a stub behind it that greets and answers every query with 1. */
export interface Doorway {
  readonly port: number;
  readonly socketDir: string;
  readonly socketPath: string;
  /** Of everything that the authority below signs. */
  readonly rootCertFile: string;
  readonly authority: Authority;
  readonly counters: ListenerCounters;
  readonly listener: Listener;
  readonly events: AuthEvent[];
  readonly admitted: AdmittedClient[];
  readonly cancels: { processId: number; secretKey: Buffer }[];
  /** What is logged, a JSON line each. */
  readonly log: string[];
  /** Another configuration for the clients that come from now on, and for the certificates. */
  reload(yaml: string, listen?: DoorwayOptions['listen']): Promise<void>;
}

export interface DoorwayOptions {
  /** A file without `listen`. */
  yaml: string;
  /** Laid over the defaults, and a free port on loopback. */
  listen?: Partial<Omit<Config['listen'], 'tls'>>;
  /** Left out: off. */
  tls?: 'allow' | 'require';
  desk?: AuthDeskOptions;
  /** Whether a cancel request's key is somebody's. Left out: all are. */
  isKey?: (processId: number) => boolean;
}

let sharedAuthority: Authority | null = null;

/** One authority for a test file: making keys takes its time. */
export function authority(): Authority {
  sharedAuthority ??= createAuthority();
  return sharedAuthority;
}

/** Opens a doorway; it is closed when the test ends. */
export async function openDoorway(t: Test, options: DoorwayOptions): Promise<Doorway> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-door-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const state = { config: parseWithListen(options.yaml, folder, options) };
  const counters = createListenerCounters();
  const desk = new AuthDesk(options.desk);
  const lines: string[] = [];
  const log = createLog({ level: 'debug', pretty: false }, { write: (line: string) => lines.push(line) });
  const [events, admitted, cancels]: [AuthEvent[], AdmittedClient[], Doorway['cancels']] = [[], [], []];
  const onCancel = (processId: number, secretKey: Buffer) => {
    cancels.push({ processId, secretKey });
    return options.isKey?.(processId) ?? true;
  };
  const onAuth = (event: AuthEvent) => events.push(event);
  const timers = new TimerWheel({ tickMs: 20 });
  const deps = { config: () => state.config, desk, onCancel, onAuth, log };
  const listener = new Listener({
    config: state.config.listen,
    tls: await loadServerTls(state.config.listen.tls),
    timers,
    log,
    counters,
    onClient: (accepted) => {
      t.teardown(() => accepted.socket.destroy());
      void admitClient(accepted, deps).then((client) => {
        if (client === null) return;
        admitted.push(client);
        greet(client);
      });
    },
  });
  t.teardown(() => timers.close());
  t.teardown(() => listener.close());
  const { port, socketPath } = await listener.listen();
  const reload: Doorway['reload'] = async (yaml, listen = options.listen) => {
    state.config = parseWithListen(yaml, folder, { ...options, ...(listen !== undefined && { listen }) });
    listener.reload(await loadServerTls(state.config.listen.tls), state.config.listen);
  };
  return {
    port,
    socketDir: folder,
    socketPath: socketPath ?? '',
    rootCertFile: path.join(folder, 'ca.crt'),
    authority: authority(),
    counters,
    listener,
    events,
    admitted,
    cancels,
    log: lines,
    reload,
  };
}

/** Writes `listen` in front of what the test gives. JSON is YAML. */
function parseWithListen(yaml: string, folder: string, { listen, tls }: DoorwayOptions): Config {
  const files = tls === undefined ? {} : { tls: certificates(folder, tls) };
  const all = { port: 0, socketDir: folder, startupTimeoutMs: 10_000, ...listen, ...files };
  return parseConfig(`listen: ${JSON.stringify(all)}\n${yaml}`, path.join(folder, 'test.yaml'), {});
}

/** A certificate of its own each time: a reload brings another. */
function certificates(folder: string, mode: 'allow' | 'require'): Config['listen']['tls'] {
  const { cert, key } = authority().issue('localhost', ['localhost', '127.0.0.1']);
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  const clientCa = file('ca.crt', authority().cert);
  return { mode, cert: file('server.crt', cert), key: file('server.key', key), clientCa };
}

function greet({ socket, early }: AdmittedClient): void {
  const parameters = { server_version: '15.0', client_encoding: 'UTF8', standard_conforming_strings: 'on' };
  for (const [name, value] of Object.entries(parameters)) socket.write(message('S', cstring(name), cstring(value)));
  socket.write(message('K', int32(1), int32(2)));
  socket.write(ready);
  let received: Buffer = early;
  const answer = (): void => {
    while (received.length >= 5) {
      const end = 1 + received.readInt32BE(1);
      if (received.length < end) return;
      if (received[0] === 0x51) socket.write(oneRow);
      if (received[0] === 0x58) socket.end();
      received = received.subarray(end);
    }
  };
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    answer();
  });
  socket.on('end', () => socket.end());
  answer();
}

const ready = message('Z', Buffer.from('I'));
const column = [cstring('one'), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)];
const oneRow = Buffer.concat([
  message('T', int16(1), ...column),
  message('D', int16(1), int32(1), Buffer.from('1')),
  message('C', cstring('SELECT 1')),
  ready,
]);
