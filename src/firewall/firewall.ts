import { shapeOf } from '../sql/shape.js';
import type { Log } from '../telemetry/log.js';
import { occasionally } from '../telemetry/occasionally.js';
import {
  type FingerprintList,
  fingerprintsMax,
  type Known,
  keyOf,
  refusedMax,
  shownShape,
} from './fingerprint-list.js';
import { editList, readList, versionOf } from './firewall-file.js';

/** How often it is looked whether somebody has edited the file, or something new is to be written. */
const lookEveryMs = 1_000;
/** Counts alone are written as often. */
const countsEveryMs = 60_000;
const complainEveryMs = 60_000;

/** Of one role of one tenant, by fingerprint. */
type Group = Map<string, Known>;

/**
 * The fingerprints of one file, as a daemon keeps them: in memory, and in step with the file, which the command line
 * and other processes change as well. What they have dropped is gone here, what they have approved is allowed, within
 * a second or so.
 */
export class Firewall {
  readonly #groups = new Map<string, Group>();
  /** Since the file was written: how often each ran. */
  #runs = new Map<Known, number>();
  /** Since the file was written. */
  #added = new Set<Known>();
  #allowed = 0;
  #refused = 0;
  #version: string | null = null;
  #writtenAt = performance.now();
  #syncing: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;
  readonly #sayTrouble: (error: Error) => void;
  readonly #sayFull: (what: string) => void;

  private constructor(
    readonly file: string,
    list: FingerprintList,
    log: Log,
  ) {
    for (const known of list.known) this.#keep(known);
    this.#sayTrouble = occasionally(complainEveryMs, (err) => {
      log.error({ file, err }, 'the firewall file cannot be kept; what is new is in memory alone');
    });
    this.#sayFull = occasionally(complainEveryMs, (what) => {
      log.warn({ file }, `the firewall has as many ${what} fingerprints as it keeps; more are not recorded`);
    });
    this.#timer = setInterval(() => void this.#look(), lookEveryMs).unref();
  }

  /** @throws FirewallFileError, and the system's error */
  static async open(file: string, log: Log): Promise<Firewall> {
    const version = await versionOf(file);
    const firewall = new Firewall(file, await readList(file), log);
    firewall.#version = version;
    return firewall;
  }

  /** For sessions with these roles. `mode` is what the policy wants of the fingerprints. */
  gate(tenant: string, roles: readonly string[], mode: 'learn' | 'enforce'): Gate {
    const names = roles.length === 0 ? [null] : roles;
    return new Gate(
      this,
      names.map((role) => ({ tenant, role, group: this.#group(tenant, role) })),
      mode,
    );
  }

  /** Writes what is new, and takes over what others have written. */
  async sync(): Promise<void> {
    while (this.#syncing !== null) await this.#syncing;
    this.#syncing = this.#merge().finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#hasNews()) await this.sync().catch((error: Error) => this.#sayTrouble(error));
  }

  /** For a gate: it came once more. */
  count(known: Known): void {
    this.#runs.set(known, (this.#runs.get(known) ?? 0) + 1);
  }

  /** For a gate: nobody knows it here yet. */
  add(group: Group, known: Known): void {
    const isFull = known.isAllowed ? this.#allowed >= fingerprintsMax : this.#refused >= refusedMax;
    if (isFull) return this.#sayFull(known.isAllowed ? 'allowed' : 'refused');
    group.set(known.fingerprint, known);
    this.#added.add(known);
    this.#tally(known, 1);
    this.count(known);
  }

  /** For a gate: what was refused once is learned now. */
  allow(known: Known): void {
    this.#tally(known, -1);
    known.isAllowed = true;
    this.#tally(known, 1);
    this.#added.add(known);
  }

  #hasNews(): boolean {
    return this.#added.size > 0 || this.#runs.size > 0;
  }

  async #look(): Promise<void> {
    if (this.#syncing !== null) return;
    const isDue = this.#added.size > 0 || (this.#runs.size > 0 && performance.now() - this.#writtenAt > countsEveryMs);
    try {
      if (isDue || (await versionOf(this.file)) !== this.#version) await this.sync();
    } catch (error) {
      this.#sayTrouble(error as Error);
    }
  }

  async #merge(): Promise<void> {
    const now = new Date().toISOString();
    const [runs, added] = [this.#runs, this.#added];
    this.#runs = new Map();
    this.#added = new Set();
    try {
      const merged = await editList(this.file, (list) => {
        if (runs.size === 0 && added.size === 0) return list;
        return { ...list, known: joined(list.known, added, runs, now) };
      });
      this.#version = await versionOf(this.file);
      this.#take(merged);
      if (runs.size > 0 || added.size > 0) this.#writtenAt = performance.now();
    } catch (error) {
      for (const known of added) this.#added.add(known);
      for (const [known, count] of runs) this.#runs.set(known, (this.#runs.get(known) ?? 0) + count);
      throw error;
    }
  }

  /** The file's list is what is known now, beside what was added while it was written. */
  #take({ known }: FingerprintList): void {
    const kept = new Set(this.#added);
    for (const theirs of known) {
      const ours = this.#group(theirs.tenant, theirs.role).get(theirs.fingerprint);
      if (ours === undefined) this.#keep(theirs);
      else this.#update(ours, theirs);
      kept.add(ours ?? theirs);
    }
    for (const group of this.#groups.values()) {
      for (const [fingerprint, ours] of group) {
        if (kept.has(ours)) continue;
        group.delete(fingerprint);
        this.#tally(ours, -1);
      }
    }
  }

  #update(ours: Known, theirs: Known): void {
    this.#tally(ours, -1);
    ours.isAllowed = theirs.isAllowed;
    ours.count = theirs.count;
    ours.lastSeen = theirs.lastSeen;
    this.#tally(ours, 1);
  }

  #keep(known: Known): void {
    this.#group(known.tenant, known.role).set(known.fingerprint, known);
    this.#tally(known, 1);
  }

  #tally({ isAllowed }: Known, by: number): void {
    if (isAllowed) this.#allowed += by;
    else this.#refused += by;
  }

  #group(tenant: string, role: string | null): Group {
    const key = JSON.stringify([tenant, role]);
    const group = this.#groups.get(key) ?? new Map();
    this.#groups.set(key, group);
    return group;
  }
}

interface Place {
  readonly tenant: string;
  readonly role: string | null;
  readonly group: Group;
}

/** What one file says to the sessions of some roles. Whether a statement may run takes a look into a map for each role. */
export class Gate {
  readonly #firewall: Firewall;
  readonly #places: readonly Place[];
  readonly #mode: 'learn' | 'enforce';

  constructor(firewall: Firewall, places: readonly Place[], mode: 'learn' | 'enforce') {
    this.#firewall = firewall;
    this.#places = places;
    this.#mode = mode;
  }

  /** One role that knows it is enough. What is refused is noted, so that it can be approved. */
  admits(fingerprint: string, text: string | null): boolean {
    if (this.#mode === 'learn') return true;
    for (const { group } of this.#places) if (group.get(fingerprint)?.isAllowed === true) return true;
    for (const place of this.#places) this.#note(place, fingerprint, text, false);
    return false;
  }

  /** It was sent. */
  ran(fingerprint: string, text: string | null): void {
    for (const place of this.#places) {
      const known = place.group.get(fingerprint);
      if (known?.isAllowed === true) this.#firewall.count(known);
      else if (this.#mode === 'learn') this.#note(place, fingerprint, text, true);
    }
  }

  #note({ tenant, role, group }: Place, fingerprint: string, text: string | null, isAllowed: boolean): void {
    const known = group.get(fingerprint);
    if (known === undefined) {
      const now = new Date().toISOString();
      const times = { count: 0, firstSeen: now, lastSeen: now };
      const shape = shownShape(text === null ? null : shapeOf(text));
      return this.#firewall.add(group, { tenant, role, fingerprint, isAllowed, ...times, shape });
    }
    if (isAllowed) this.#firewall.allow(known);
    this.#firewall.count(known);
  }
}

/** The file's list with what this process has seen. Who dropped or approved something in it has the last word. */
function joined(
  known: readonly Known[],
  added: ReadonlySet<Known>,
  runs: ReadonlyMap<Known, number>,
  now: string,
): Known[] {
  const seen = new Map<string, Known>();
  for (const ours of [...runs.keys(), ...added]) seen.set(keyOf(ours), ours);
  const isLearned = (ours: Known | undefined) => ours !== undefined && added.has(ours) && ours.isAllowed;
  const list = known.map((theirs) => {
    const ours = seen.get(keyOf(theirs));
    seen.delete(keyOf(theirs));
    const count = (ours === undefined ? undefined : runs.get(ours)) ?? 0;
    const isAllowed = theirs.isAllowed || isLearned(ours);
    return { ...theirs, isAllowed, count: theirs.count + count, lastSeen: count > 0 ? now : theirs.lastSeen };
  });
  for (const isAllowed of [true, false]) {
    const room = (isAllowed ? fingerprintsMax : refusedMax) - list.filter((one) => one.isAllowed === isAllowed).length;
    const fresh = [...seen.values()].filter((ours) => added.has(ours) && ours.isAllowed === isAllowed);
    list.push(...fresh.slice(0, Math.max(0, room)).map((ours) => ({ ...ours, count: runs.get(ours) ?? 0 })));
  }
  return list;
}
