import { Command } from 'commander';
import { buildVerifier, formatVerifier } from '../scram/verifier.js';
import { readSecret } from './read-secret.js';

export function hashPasswordCommand(): Command {
  return new Command('hash-password')
    .description('make a SCRAM-SHA-256 verifier of a password, as PostgreSQL stores it')
    .argument('[user]', 'for the prompt: the verifier itself does not depend on a name')
    .addHelpText(
      'after',
      '\nThe password is asked for without an echo, or read from a pipe. The verifier goes into a user’s `secret`,' +
        '\nand into ALTER ROLE ... PASSWORD of a server that is to share it.' +
        '\n\nExamples:\n  pgturnstile hash-password alice\n  pass show alice | pgturnstile hash-password',
    )
    .action(async (user: string | undefined) => {
      const label = user === undefined ? 'Password' : `Password for ${JSON.stringify(user).slice(1, -1)}`;
      const password = await readSecret(label, { input: process.stdin, output: process.stderr });
      process.stdout.write(`${formatVerifier(await buildVerifier(password))}\n`);
    });
}
