import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { writeDevelopmentCertificates } from '../../src/commands/cert.js';

t.test('it says what was written, for whom, and how to use it', async (t) => {
  const folder = t.testdir({});
  const said = await writeDevelopmentCertificates(folder, ['localhost', 'DB.Example.Test', 'grün.test'], false);
  t.match(said, /server\.crt {2}for localhost, db\.example\.test, xn--grn-ioa\.test\n/);
  t.match(said, /sslmode=verify-full sslrootcert=.*ca\.crt/);
  const { subjectAltName } = new X509Certificate(readFileSync(path.join(folder, 'server.crt')));
  t.equal(subjectAltName, 'DNS:localhost, DNS:db.example.test, DNS:xn--grn-ioa.test');
});

t.test('a second time it refuses, and says with what it would not', async (t) => {
  const folder = t.testdir({});
  await writeDevelopmentCertificates(folder, ['localhost'], false);
  await t.rejects(writeDevelopmentCertificates(folder, ['localhost'], false), {
    code: 'configInvalid',
    message: /server\.crt is there already; replace it with --force/,
  });
  t.match(await writeDevelopmentCertificates(folder, ['localhost'], true), /was there, and signed it/);
});

t.test('what is no host is refused before anything is written', async (t) => {
  const folder = t.testdir({});
  for (const host of ['', 'a b', 'a/b', '*', '*.*', '-x', 'x-', '.x', 'https://x', 'x:5432', 'a,DNS:b', 'x\0']) {
    await t.rejects(
      writeDevelopmentCertificates(folder, ['localhost', host], false),
      { message: /is not a host/ },
      host,
    );
  }
  t.same(readdirSync(folder), []);
});
