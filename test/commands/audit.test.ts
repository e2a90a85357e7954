import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openAudit } from '../../src/audit/audit-log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createLog } from '../../src/telemetry/log.js';
import { builtCli } from '../support/daemon.js';
import { type Finished, run } from '../support/process.js';

const verify = (...args: string[]): Promise<Finished> =>
  run(process.execPath, [builtCli(), 'audit', 'verify', ...args]);

t.test('the configured trail is verified with its key, and the place of an edit is told', async (t) => {
  const folder = t.testdir({
    'pgturnstile.yaml': 'audit: { chain: true, chainKey: file:key, rotateBytes: 4096 }',
    key: 'a key that only some have\n',
  });
  const config = path.join(folder, 'pgturnstile.yaml');
  const { audit: audited } = await loadConfig(config, {});
  const log = createLog({ level: 'silent', pretty: false });
  const audit = await openAudit(audited, { log, counted: { written: 0, lost: 0 } });
  for (let number = 0; number < 60; number++) {
    audit.write({ kind: 'auth', user: `user ${number}`, verdict: 'deny' });
    await audit.flush();
  }
  await audit.close();

  const whole = await verify('--config', config);
  t.match(whole, { code: 0, stdout: /audit\.jsonl\.1: \d+ lines\n.*audit\.jsonl: \d+ lines\nthe chain holds\n$/s });

  const [newest, note] = [path.join(folder, 'audit.jsonl'), path.join(folder, 'audit.jsonl.chain')];
  const [lines, noted] = [readFileSync(newest), readFileSync(note)];
  writeFileSync(newest, lines.subarray(0, lines.lastIndexOf('\n', lines.length - 2) + 1));
  rmSync(note);
  t.match(await verify('--config', config), { code: 1, stderr: /audit\.jsonl: the note of where it ended is gone/ });
  writeFileSync(newest, lines);
  writeFileSync(note, noted);

  const file = path.join(folder, 'audit.jsonl.1');
  writeFileSync(file, readFileSync(file, 'latin1').replace('"verdict":"deny"', '"verdict":"allow"'));
  const edited = await verify('--key-file', path.join(folder, 'key'), file);
  t.match(edited, { code: 1, stderr: /audit\.jsonl\.1:2: does not follow the line before it/ });
  const json = await verify('--json', '--config', config);
  t.match(JSON.parse(json.stdout), { ok: false, breaks: [{ file, line: 2 }] });
  t.equal(json.code, 1);
});

t.test('files that are not there, and a trail that is off, are wrong usage', async (t) => {
  const folder = t.testdir({ 'pgturnstile.yaml': 'audit: off' });
  t.match(await verify(path.join(folder, 'none')), { code: 2, stderr: /none: there is no such file; check its name/ });
  const noKey = await verify('--key-file', path.join(folder, 'none'), path.join(folder, 'pgturnstile.yaml'));
  t.match(noKey, { code: 2, stderr: /none: there is no such file; name the one that holds audit.chainKey/ });
  const off = await verify('--config', path.join(folder, 'pgturnstile.yaml'));
  t.match(off, { code: 2, stderr: /no audit file/ });
});
