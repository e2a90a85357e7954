import t from 'tap';
import { quickStartGuide, shellWord } from '../../src/quickstart/guide.js';

const folder = { path: '/data', audit: '/data/audit.jsonl', policy: '/data/policy.yaml' } as Parameters<
  typeof quickStartGuide
>[0]['folder'];

t.test('a word that is pasted into a shell stays one', async (t) => {
  t.equal(shellWord('/var/lib/pgturnstile/audit.jsonl'), '/var/lib/pgturnstile/audit.jsonl');
  t.equal(shellWord('/home/a b/x'), "'/home/a b/x'");
  t.equal(shellWord("it's"), "'it'\\''s'");
});

t.test('people get what to paste for both users, and never the database’s own passwords', async (t) => {
  const secrets = { postgres: 'SUPER', shop: 'UPSTREAM', analyst: 'AAA', clerk: 'CCC' };
  const admin = { host: '127.0.0.1', port: 6433, token: null };
  const text = quickStartGuide({ folder, secrets, admin, version: '18.4' })({ host: '127.0.0.1', port: 7000 });
  t.match(text, "psql 'postgres://analyst:AAA@127.0.0.1:7000/shop'");
  t.match(text, "psql 'postgres://clerk:CCC@127.0.0.1:7000/shop'");
  t.match(text, '/data/audit.jsonl');
  t.match(text, 'http://127.0.0.1:6433/metrics');
  t.notMatch(text, /SUPER|UPSTREAM/);
});
