import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Config, ListenConfig, UserConfig } from '../config/config.js';
import { configFromUrl } from '../config/config-from-url.js';
import { defaultAudit } from '../config/defaults.js';
import { findBinaries } from './binaries.js';
import { createDatabase, hasDatabase } from './create-database.js';
import { openDataFolder } from './data-folder.js';
import { freePort } from './free-port.js';
import { type Guide, quickStartGuide } from './guide.js';
import { type Postmaster, startPostmaster } from './postmaster.js';
import { samplePolicy } from './sample-policy.js';
import { shopName } from './sample-shop.js';
import { keepSecrets, type Secrets } from './secrets.js';

export interface QuickStartOptions {
  /** Where the database and all that belongs to it is kept. */
  readonly dataFolder: string;
  /** What clients connect to. */
  readonly listen: Partial<ListenConfig>;
  readonly adminPort: number;
  /** Told, in a sentence, about what takes a while. */
  readonly onProgress: (sentence: string) => void;
}

/** A PostgreSQL with a sample database, and the configuration of a daemon in front of it. */
export interface QuickStart {
  readonly config: Config;
  readonly guide: Guide;
  readonly database: Pick<Postmaster, 'ended' | 'stop'>;
}

/**
 * Starts the embedded PostgreSQL. The first time in a folder the sample database is made; later it is as it was left.
 *
 * @throws ProxyError, configInvalid where another folder, account or package would help
 */
export async function startQuickStart(options: QuickStartOptions): Promise<QuickStart> {
  const folder = await openDataFolder(options.dataFolder);
  const binaries = await findBinaries(folder);
  const secrets = await keepSecrets(folder.secrets);
  if (!(await hasDatabase(folder))) {
    options.onProgress(`making a sample database in ${folder.path}: once, it takes some seconds`);
    await createDatabase(folder, binaries, secrets);
  }
  await keepPolicy(folder.policy);
  const database = await startPostmaster(folder, binaries);
  const admin = { host: '127.0.0.1', port: await freePort(options.adminPort), token: null };
  // The account may do more than any client should: what holds them back is the policy.
  const url = `postgres://shop:${secrets.shop}@127.0.0.1:${database.port}/${shopName}?sslmode=disable`;
  const config = configFromUrl(url, {
    directory: folder.path,
    listen: options.listen,
    admin,
    users: sampleUsers(secrets),
    policies: [folder.policy],
    audit: { ...defaultAudit, file: folder.audit },
  });
  const guide = quickStartGuide({ folder, secrets, admin, version: binaries.version });
  return { config, guide, database };
}

function sampleUsers(secrets: Secrets): UserConfig[] {
  return (['analyst', 'clerk'] as const).map((name) => ({
    name,
    secret: secrets[name],
    roles: [name],
    tenants: null,
    attributes: {},
  }));
}

/** Written once: afterwards it is its owner's. */
async function keepPolicy(file: string): Promise<void> {
  if (!existsSync(file)) await writeFile(file, samplePolicy);
}
