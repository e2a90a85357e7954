import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { findTool, runOrThrow } from '../support/process.js';
import { sameThreeWays, without } from '../support/three-ways.js';

const perl = ['/usr/bin/perl', findTool('perl')].find(
  (file) => file !== null && spawnSync(file, ['-MDBD::Pg', '-e', '1']).status === 0,
);
const skip = without({ 'Perl’s DBD::Pg': perl ?? null });

t.test("DBD::Pg can't tell the proxy from the server", { skip }, async (t) => {
  const programme = fileURLToPath(new URL('programmes/dbd-pg.pl', import.meta.url));
  await sameThreeWays(t, async ({ env }) => (await runOrThrow(perl ?? '', [programme], { env })).split('\n'));
});
