import { Teller } from '../support/ledger.js';
import { Random } from '../support/random.js';
import { cancel, vanish } from './hasty-clients.js';
import { type Hearing, listen } from './listeners.js';
import { MemoryCourse } from './memory-course.js';
import { read } from './readers.js';
import { Report } from './report.js';
import type { SoakSettings } from './settings.js';
import { type Shift, work } from './shift.js';
import { Copies, copySlowly, readSlowly } from './slow-clients.js';
import { readers, type SoakDaemon } from './soak-daemon.js';
import { type Fault, trouble } from './trouble.js';
import { Entries, write } from './writers.js';

const tellers = 8;
const writers = 6;
export const listeners = 3;
const cancellers = 2;
const pauseMs = 30;
const memoryEveryMs = 250;

/** What is left to look at when all is over. */
export interface Outcome {
  readonly report: Report;
  readonly tellers: readonly Teller[];
  readonly entries: Entries;
  readonly copies: Copies;
  readonly hearings: readonly Hearing[];
  readonly faults: Readonly<Record<Fault, number>>;
  /** Of the daemon. */
  readonly memory: MemoryCourse;
}

/**
 * Everything that clients do, all of it at once, while things go wrong.
 * @param isEnough whether so much was done that it may end when its time is over
 */
export async function runMixedLoad(
  { server, daemon }: SoakDaemon,
  settings: SoakSettings,
  isEnough: (report: Report) => Promise<boolean>,
): Promise<Outcome> {
  const { superuser: user, password } = server;
  const connection = { host: '127.0.0.1', port: daemon.port, user, password, database: 'postgres' };
  const report = new Report();
  let isOver = false;
  let isQuiet = false;
  const shift: Shift = { connection, isOver: () => isOver, pauseMs, report };
  const audience: Shift = { ...shift, isOver: () => isQuiet };

  let { seed } = settings;
  const random = () => new Random(seed++);
  const staff = times(tellers, (number) => new Teller(number, connection, random()));
  const entries = new Entries();
  const copies = new Copies();
  const hearings: Hearing[] = [];
  const memory = new MemoryCourse(daemon.pid, memoryEveryMs);
  const jobs = [
    ...staff.map((teller) => work(shift, 'transfer', random(), () => teller.transfer())),
    ...times(readers, (reader) => read(shift, reader, random())),
    ...times(writers, (writer) => write(shift, entries, writer, random())),
    ...times(cancellers, () => cancel(shift, random())),
    readSlowly(shift, random()),
    copySlowly(shift, copies, random()),
    vanish(shift, entries, random()),
  ];
  const listening = times(listeners, (listener) => listen(audience, listener, random(), hearings));
  const faults = await trouble(server, daemon, random(), settings, () => isEnough(report)).finally(() => {
    isOver = true;
  });
  await Promise.all(jobs);
  isQuiet = true;
  await Promise.all([...listening, ...staff.map(({ line }) => line.leave())]);
  memory.stop();
  return { report, tellers: staff, entries, copies, hearings, faults, memory };
}

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}
