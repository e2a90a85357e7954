import { createHmac } from 'node:crypto';
import type { Config, UserConfig } from '../config/config.js';
import { defaultTenant } from './select-tenant.js';

/** The users of one configuration, as a tenant sees them: its own before those of all. */
export class UserDirectory {
  readonly #config: Config;
  readonly #withSecret = new Map<string, readonly UserConfig[]>();

  constructor(config: Config) {
    this.#config = config;
  }

  /** Null: not listed. A user of another tenant's own isn't here at all. */
  find(tenant: string, user: string): UserConfig | null {
    return this.#ownUsers(tenant)?.get(user) ?? this.#config.users.get(user) ?? null;
  }

  /**
   * Whether the user may connect to that tenant, which may not exist. A tenant's own users are at home; one that isn't
   * listed is taken for a user of `default`.
   */
  mayEnter(tenant: string, account: UserConfig | null): boolean {
    if (account !== null && this.#ownUsers(tenant)?.get(account.name) === account) return true;
    const tenants = account?.tenants ?? [defaultTenant];
    return tenants.includes(tenant) || tenants.includes('*');
  }

  /**
   * The listed user that a name without a secret is made to look like, always the same for one name. Exchanges differ
   * by the form of the secret: were a made-up one's always the same, the others would be known to exist.
   *
   * @param processSecret so that nobody can tell which names share a decoy
   */
  decoy(tenant: string, user: string, processSecret: Buffer): UserConfig | null {
    const users = this.#usersWithSecret(tenant);
    if (users.length === 0) return null;
    const number = createHmac('sha256', processSecret).update(`decoy ${user}`).digest().readUInt32BE(0);
    return users[number % users.length] ?? null;
  }

  /** Every user that is listed anywhere. */
  *all(): Generator<UserConfig> {
    yield* this.#config.users.values();
    for (const tenant of this.#config.tenants.values()) yield* tenant.users.values();
  }

  #usersWithSecret(tenant: string): readonly UserConfig[] {
    // A name that is no tenant must not leave an entry behind: there is no end of them.
    const key = this.#config.tenants.has(tenant) ? tenant : '';
    let users = this.#withSecret.get(key);
    if (users === undefined) {
      const own = this.#ownUsers(key)?.values() ?? [];
      users = [...own, ...this.#config.users.values()].filter((user) => Boolean(user.secret));
      this.#withSecret.set(key, users);
    }
    return users;
  }

  #ownUsers(tenant: string): ReadonlyMap<string, UserConfig> | undefined {
    return this.#config.tenants.get(tenant)?.users;
  }
}
