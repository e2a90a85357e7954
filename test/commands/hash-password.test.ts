import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import { verifyPassword } from '../../src/scram/secret.js';
import { mockVerifier, parseVerifier } from '../../src/scram/verifier.js';
import { compiled } from '../support/source-tree.js';

const command = path.join(compiled, 'src/commands/hash-password.js');

/** The command as a process of its own, with this piped in. */
function hash(input: string, ...args: string[]): { stdout: string; stderr: string } {
  const program = `import { hashPasswordCommand } from ${JSON.stringify(command)};
    await hashPasswordCommand().parseAsync(${JSON.stringify(args)}, { from: 'user' })
      .catch((error) => process.stderr.write(error.message));`;
  const node = ['--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, node, { input, encoding: 'utf8' });
  return { stdout, stderr };
}

t.test('what is piped in comes out as a verifier, one line and nothing else', async (t) => {
  const { stdout, stderr } = hash('s3cret\n', 'alice');
  t.match(stdout, /^SCRAM-SHA-256\$4096:[^\n]+\n$/);
  t.equal(stderr, '');
  t.ok(parseVerifier(stdout.trim()));
  t.equal(await verifyPassword('alice', 's3cret', stdout.trim(), mockVerifier('', Buffer.alloc(32))), true);
});

t.test('nothing makes no verifier', async (t) => {
  const { stdout, stderr } = hash('');
  t.equal(stdout, '');
  t.match(stderr, /^no password was given; type one, or pipe it in$/);
});
