import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { Command } from 'commander';
import { CertificateExists, defaultHosts, writeCertificates } from '../../certs/write-certificates.js';
import { ProxyError } from '../errors/proxy-error.js';
import { shownPath } from './shown-path.js';

interface CertOptions {
  readonly host?: readonly string[];
  readonly dir: string;
  readonly force?: boolean;
}

export function certCommand(): Command {
  return new Command('cert')
    .description('write a development CA and a server certificate signed by it')
    .option('--host <names...>', 'names and addresses that clients connect to (default: this machine’s)')
    .option('--dir <directory>', 'where they go', 'certs')
    .option('--force', 'replace a server certificate that is there')
    .addHelpText(
      'after',
      '\nExamples:\n  pgturnstile cert\n  pgturnstile cert --host db.example.test 10.0.0.5 --force' +
        '\n\nAn authority in the directory is used again. For development only: its key lies beside it.',
    )
    .action(async ({ host, dir, force }: CertOptions) => {
      process.stdout.write(await writeDevelopmentCertificates(dir, host ?? defaultHosts(), force === true));
    });
}

/**
 * @returns what was written and what to do with it, for the terminal
 * @throws ProxyError configInvalid for a host that is none, and for files that are there already
 */
export async function writeDevelopmentCertificates(
  directory: string,
  hosts: readonly string[],
  force: boolean,
): Promise<string> {
  const names = hosts.map(checkHost);
  try {
    const { caCert, cert, key, keptAuthority } = await writeCertificates(directory, names, force);
    const [shownCa, shownCert, shownKey] = [caCert, cert, key].map(shownPath);
    return [
      `${shownCert}  for ${names.join(', ')}`,
      `${shownKey}`,
      `${shownCa}  ${keptAuthority ? 'was there, and signed it' : 'the authority that clients need'}`,
      '',
      `In the configuration:  listen: { tls: { cert: ${shownCert}, key: ${shownKey} } }`,
      `A client verifies with: sslmode=verify-full sslrootcert=${shownCa}`,
      '',
    ].join('\n');
  } catch (error) {
    if (!(error instanceof CertificateExists)) throw error;
    throw new ProxyError('configInvalid', `${error.message}; replace it with --force, or name another --dir`);
  }
}

/** As it goes into a certificate. */
function checkHost(host: string): string {
  if (isIP(host) !== 0) return host;
  const [wildcard, name] = host.startsWith('*.') ? ['*.', host.slice(2)] : ['', host];
  // The parser of URLs takes what is before a delimiter and says nothing of the rest.
  const ascii = /[\s/\\?#@:]/.test(name) ? '' : domainToASCII(name);
  if (!/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(ascii)) {
    throw new ProxyError('configInvalid', `${JSON.stringify(host)} is not a host; write a name or an address`);
  }
  return wildcard + ascii;
}
