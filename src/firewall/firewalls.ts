import { dirname, resolve } from 'node:path';
import { ConfigError } from '../config/config-error.js';
import type { PolicySet } from '../policy/file/load-policies.js';
import { Rights } from '../policy/rights.js';
import type { Log } from '../telemetry/log.js';
import { Firewall, type Gate } from './firewall.js';
import { FirewallFileError } from './firewall-file.js';

/** Who is let through a firewall, or not. */
export interface Passer {
  readonly user: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  readonly database: string;
}

/** What all policies of a session want of fingerprints: every one that enforces must know a statement. */
export class SessionGate {
  readonly #gates: readonly Gate[];

  constructor(gates: readonly Gate[]) {
    this.#gates = gates;
  }

  /** @param text of the statement, for people who look at what was refused */
  admits(fingerprint: string, text: string | null): boolean {
    let isAdmitted = true;
    for (const gate of this.#gates) isAdmitted = gate.admits(fingerprint, text) && isAdmitted;
    return isAdmitted;
  }

  /** It was sent. */
  ran(fingerprint: string, text: string | null): void {
    for (const gate of this.#gates) gate.ran(fingerprint, text);
  }
}

/** The lists of fingerprints that the policies of a daemon name, each open once. */
export class Firewalls {
  readonly #log: Log;
  #open = new Map<string, Firewall>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Opens those that these policies name.
   * @throws ConfigError for a list that can't be used; then those that were open still are
   */
  async load(policies: readonly PolicySet[]): Promise<void> {
    for (const file of new Set(policies.flatMap(firewallFiles))) {
      if (!this.#open.has(file)) this.#open.set(file, await this.#opened(file));
    }
  }

  /** Closes those that none of these policies names. */
  async keepOnly(policies: readonly PolicySet[]): Promise<void> {
    const named = new Set(policies.flatMap(firewallFiles));
    const others = [...this.#open].filter(([file]) => !named.has(file));
    for (const [file, firewall] of others) {
      this.#open.delete(file);
      await firewall.close();
    }
  }

  /** Null: no policy of these has to do with fingerprints. */
  gate(policies: PolicySet, who: Passer): SessionGate | null {
    if (this.#open.size === 0) return null;
    const gates = new Rights(policies, who).firewalls.flatMap(({ policy, mode, file }) => {
      const firewall = mode === 'off' || file === null ? undefined : this.#open.get(pathOf(policy, file));
      return firewall === undefined || mode === 'off' ? [] : [firewall.gate(who.tenant, who.roles, mode)];
    });
    return gates.length === 0 ? null : new SessionGate(gates);
  }

  async close(): Promise<void> {
    await this.keepOnly([]);
  }

  async #opened(file: string): Promise<Firewall> {
    try {
      return await Firewall.open(file, this.#log);
    } catch (error) {
      if (!(error instanceof FirewallFileError) && !('code' in (error as object))) throw error;
      const [message = '', ...hint] = (error as Error).message.split('; ');
      throw new ConfigError([{ file, line: 0, column: 0, message, hint: hint.join('; ') || 'check firewall.file' }]);
    }
  }
}

/** Where the lists lie that policies name, relative to their own files. */
export function firewallFiles({ files }: PolicySet): string[] {
  return files.flatMap(({ file: policy, firewall: { mode, file } }) =>
    mode === 'off' || file === null ? [] : [pathOf(policy, file)],
  );
}

function pathOf(policy: string, file: string): string {
  return resolve(dirname(policy), file);
}
