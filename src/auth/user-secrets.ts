import { randomBytes } from 'node:crypto';
import type { UserConfig } from '../config/config.js';
import { secretKind } from '../scram/secret.js';
import { buildVerifier, mockVerifier, parseVerifier, type ScramVerifier } from '../scram/verifier.js';

const processSecretBytes = 32;

/**
 * The secrets of the configured users in the form that SCRAM needs, and stand-ins for users that have none. A plain
 * password costs a derivation of milliseconds, once: `prepare` does it before anybody waits for it.
 */
export class UserSecrets {
  /** Salts of stand-ins and of plain passwords come from it: they are the same at each attempt, and nobody can tell which is which. */
  readonly processSecret = randomBytes(processSecretBytes);
  readonly #verifiers = new WeakMap<UserConfig, Promise<ScramVerifier>>();

  /** Null: the user's secret is none that SCRAM can use. */
  verifierOf(account: UserConfig): Promise<ScramVerifier> | null {
    const { secret } = account;
    if (!secret || secretKind(secret) === 'md5') return null;
    let verifier = this.#verifiers.get(account);
    if (verifier === undefined) {
      const parsed = parseVerifier(secret);
      verifier = parsed === null ? buildVerifier(secret, this.#saltFor(account.name)) : Promise.resolve(parsed);
      this.#verifiers.set(account, verifier);
    }
    return verifier;
  }

  /** The verifier for an exchange with a user who has none; it is made like that of `decoy`. */
  standIn(user: string, decoy: UserConfig | null): ScramVerifier {
    const { iterations, salt } = parseVerifier(decoy?.secret ?? '') ?? {};
    return mockVerifier(user, this.processSecret, iterations, salt?.length);
  }

  /** Derives what the plain passwords among `accounts` need, one after the other. */
  async prepare(accounts: Iterable<UserConfig>): Promise<void> {
    for (const account of accounts) await this.verifierOf(account);
  }

  #saltFor(user: string): Buffer {
    return mockVerifier(user, this.processSecret).salt;
  }
}
