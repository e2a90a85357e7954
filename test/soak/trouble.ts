import type { Daemon } from '../support/daemon.js';
import type { Postgres } from '../support/postgres.js';
import type { Random } from '../support/random.js';
import { strike } from '../support/strike.js';
import type { SoakSettings } from './settings.js';
import { sleep } from './shift.js';

/**
 * - `terminated`  a backend of the pool is ended by the server
 * - `killed`      a backend is killed, whereupon the whole server restarts
 * - `locked`      ALTER TABLE in an open transaction keeps everybody from the rows that readers read
 * - `reloaded`    the daemon reads its configuration again
 */
const faults = { terminated: 6, locked: 4, reloaded: 1 };
const kinds = Object.keys(faults) as (keyof typeof faults)[];
export type Fault = keyof typeof faults | 'killed';

/** Longer than it takes until a slow read is rescued. */
const lockedMs = { min: 300, max: 900 };

/** Lets things go wrong until it is time and enough was done, one after the other; gives how often what did. */
export async function trouble(
  server: Postgres,
  daemon: Daemon,
  random: Random,
  { milliseconds, millisecondsMax, faultEveryMs, killEveryMs }: SoakSettings,
  isEnough: () => Promise<boolean>,
): Promise<Record<Fault, number>> {
  const happened = { terminated: 0, killed: 0, locked: 0, reloaded: 0 };
  const startedAt = performance.now();
  const passedMs = () => performance.now() - startedAt;
  let killAtMs = killEveryMs / 2;
  while (passedMs() < milliseconds || (passedMs() < millisecondsMax && !(await isEnough()))) {
    await sleep(faultEveryMs / 2 + random.below(faultEveryMs));
    const isTime = passedMs() > killAtMs;
    if (isTime) killAtMs += killEveryMs;
    // Each comes once before chance has a say.
    const missing = kinds.find((kind) => happened[kind] === 0);
    const fault = isTime ? 'killed' : (missing ?? random.weighted(faults));
    if (fault === 'reloaded') daemon.signal('SIGHUP');
    else if (fault === 'locked') await lock(server, lockedMs.min + random.below(lockedMs.max - lockedMs.min));
    else await strike(server, fault, random.next());
    happened[fault] += 1;
  }
  return happened;
}

async function lock(server: Postgres, milliseconds: number): Promise<void> {
  const definition = 'alter table own alter column v set default 0';
  await server.query(`begin; ${definition}; select pg_sleep(${milliseconds / 1000}); commit`);
}
