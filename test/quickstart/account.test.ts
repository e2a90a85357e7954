import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { blockedAt, databaseAccount } from '../../src/quickstart/account.js';

const isRoot = process.getuid?.() === 0;

t.test('an ordinary user runs the database as itself', { skip: isRoot && 'this is root' }, async (t) => {
  t.equal(await databaseAccount(path.join(t.testdir(), 'database')), undefined);
});

t.test('root runs a new database as somebody else', { skip: !isRoot && 'only root can' }, async (t) => {
  const account = await databaseAccount(path.join(t.testdir(), 'database'));
  t.ok(account !== undefined && account.uid > 0, 'not root');
});

t.test('root runs a database as whoever owns it', { skip: !isRoot && 'only root can' }, async (t) => {
  const database = path.join(t.testdir({ database: {} }), 'database');
  chownSync(database, 4321, 4322);
  t.same(await databaseAccount(database), { uid: 4321, gid: 4322 });
});

t.test('the folder that an account may not enter is named', async (t) => {
  const root = t.testdir();
  const inner = path.join(root, 'closed', 'inner');
  mkdirSync(inner, { recursive: true });
  const stranger = { uid: 4321, gid: 4322 };
  for (const folder of [root, path.join(root, 'closed'), inner]) chmodSync(folder, 0o755);
  t.equal(await blockedAt('/', stranger), null, 'everybody may enter /');
  chmodSync(path.join(root, 'closed'), 0o750);
  const blocked = await blockedAt(inner, stranger);
  t.ok(blocked !== null && path.join(root, 'closed').startsWith(blocked), 'it is on the way, and the first there');
});
