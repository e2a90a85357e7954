import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { defaultHosts, writeCertificates } from '../../certs/write-certificates.js';
import { ProxyError } from '../errors/proxy-error.js';
import { buildVerifier, formatVerifier } from '../scram/verifier.js';
import { initialCases, initialConfig, initialGitignore, initialPolicy } from './init-files.js';

const firstUser = 'alice';
const passwordBytes = 18;

export function initCommand(): Command {
  return new Command('init')
    .description('write a commented configuration, a policy, development certificates and a first user')
    .argument('[dir]', 'where; made where it is missing', '.')
    .addHelpText(
      'after',
      '\nExamples:\n  pgturnstile init\n  pgturnstile init /etc/pgturnstile\n\nNothing is overwritten.',
    )
    .action(async (directory: string) => {
      process.stdout.write(describe(directory, await initialise(directory)));
    });
}

export interface Initialised {
  readonly user: string;
  /** Written nowhere: the configuration has its verifier. */
  readonly password: string;
  /** Relative to the directory. */
  readonly files: readonly string[];
}

/**
 * A `.gitignore` is written where there is none. An error while writing leaves what was written.
 *
 * @throws ProxyError configInvalid when one of the other files is there already; then nothing was written
 */
export async function initialise(directory: string): Promise<Initialised> {
  const password = randomBytes(passwordBytes).toString('base64url');
  const secret = formatVerifier(await buildVerifier(password));
  const texts: Readonly<Record<string, string>> = {
    'pgturnstile.yaml': initialConfig({ name: firstUser, secret }),
    'policies/example.yaml': initialPolicy,
    'policies/example.cases.yaml': initialCases,
  };
  const certificates = ['certs/server.crt', 'certs/server.key', 'certs/ca.crt', 'certs/ca.key'];
  const files = [...Object.keys(texts), ...certificates];
  await refuseExisting(directory, files);
  await mkdir(path.join(directory, 'policies'), { recursive: true });
  // Only the owner may read the configuration: secrets are likely to be added.
  for (const [file, text] of Object.entries(texts)) {
    await writeFile(path.join(directory, file), text, {
      mode: file === 'pgturnstile.yaml' ? 0o600 : 0o644,
      flag: 'wx',
    });
  }
  const gitignore = path.join(directory, '.gitignore');
  if (!existsSync(gitignore)) await writeFile(gitignore, initialGitignore);
  await writeCertificates(path.join(directory, 'certs'), defaultHosts(), false);
  return { user: firstUser, password, files };
}

async function refuseExisting(directory: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const shown = path.join(directory, file);
    if (!existsSync(shown)) continue;
    throw new ProxyError('configInvalid', `${shown} is there already; name an empty directory, or take it away`);
  }
}

function describe(directory: string, { user, password, files }: Initialised): string {
  const config = path.join(directory, 'pgturnstile.yaml');
  return [
    ...files.map((file) => path.join(directory, file)),
    '',
    `The first user is ${user}, with this password, which is shown only now:  ${password}`,
    '',
    `1. Say in ${config} where your server is (tenants.default.databases).`,
    `2. pgturnstile check --config ${config}`,
    `3. APP_USER=... APP_PASSWORD=... pgturnstile serve --config ${config}`,
    `4. psql "host=localhost port=6432 user=${user} dbname=postgres sslmode=verify-full sslrootcert=${path.join(directory, 'certs/ca.crt')}"`,
    '',
  ].join('\n');
}
