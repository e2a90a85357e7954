import type { Config } from '../config/config.js';
import { AttemptLimit } from './attempt-limit.js';
import { networkOf } from './client-address.js';
import { UserDirectory } from './user-directory.js';
import { UserSecrets } from './user-secrets.js';

export interface AuthDeskOptions {
  readonly windowMs?: number;
  /** Failures of one user from one address within a window: a program with an old password locks out only itself. */
  readonly userFailuresMax?: number;
  /** Failures from one address within a window, whoever the users: what trying names amounts to. */
  readonly addressFailuresMax?: number;
  /** Cancel requests with keys that nobody has, from one address within a window. */
  readonly cancelMissesMax?: number;
  /** Something was recorded here; what other processes recorded comes by `learnFailure`. */
  readonly onFailure?: (failure: Failure) => void;
}

/** A login that failed, or with a null user a cancel request with a key that nobody has. */
export interface Failure {
  readonly address: string;
  readonly user: string | null;
}

/** Addresses, or users at them, that are remembered at once: about 2 MB when all are in use. */
const keysMax = 10_000;

/** What authentication remembers from one client to the next. The daemon has one. */
export class AuthDesk {
  readonly secrets = new UserSecrets();
  readonly #userFailures: AttemptLimit;
  readonly #addressFailures: AttemptLimit;
  readonly #cancelMisses: AttemptLimit;
  readonly #onFailure: (failure: Failure) => void;
  #directory: { readonly config: Config; readonly users: UserDirectory } | null = null;

  constructor(options: AuthDeskOptions = {}) {
    const { windowMs = 60_000 } = options;
    const limit = (failuresMax: number) => new AttemptLimit({ failuresMax, windowMs, keysMax });
    this.#userFailures = limit(options.userFailuresMax ?? 10);
    this.#addressFailures = limit(options.addressFailuresMax ?? 100);
    this.#cancelMisses = limit(options.cancelMissesMax ?? 100);
    this.#onFailure = options.onFailure ?? (() => {});
  }

  /** The users of `config`. A new configuration's plain passwords are made ready for SCRAM in the background. */
  usersOf(config: Config): UserDirectory {
    if (this.#directory?.config !== config) {
      this.#directory = { config, users: new UserDirectory(config) };
      void this.secrets.prepare(this.#directory.users.all());
    }
    return this.#directory.users;
  }

  /** Whether this address has failed too often, as this user or altogether. */
  isThrottled(address: string, user: string): boolean {
    const network = networkOf(address);
    return this.#addressFailures.isExhausted(network) || this.#userFailures.isExhausted(`${network} ${user}`);
  }

  recordFailure(address: string, user: string): void {
    this.learnFailure({ address, user });
    this.#onFailure({ address, user });
  }

  /** Another process that serves the same port has recorded it. */
  learnFailure({ address, user }: Failure): void {
    const network = networkOf(address);
    if (user === null) return this.#cancelMisses.recordFailure(network);
    this.#addressFailures.recordFailure(network);
    this.#userFailures.recordFailure(`${network} ${user}`);
  }

  mayCancel(address: string): boolean {
    return !this.#cancelMisses.isExhausted(networkOf(address));
  }

  recordCancelMiss(address: string): void {
    this.learnFailure({ address, user: null });
    this.#onFailure({ address, user: null });
  }
}
