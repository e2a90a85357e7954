import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { findTool, isExecutable, runOrThrow } from '../support/process.js';
import { sameThreeWays, without } from '../support/three-ways.js';

// Debian's packages belong to Debian's own Python, whatever stands first in the PATH.
const pythons = ['/usr/bin/python3', findTool('python3')].filter((file) => file !== null && isExecutable(file));

/** The first Python that has all these modules; null when none has. */
function pythonWith(modules: readonly string[]): string | null {
  const has = (python: string) => spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0;
  return (pythons as string[]).find(has) ?? null;
}

const programmes = [
  { driver: 'psycopg 3', modules: ['psycopg'], file: 'psycopg3_programme.py' },
  { driver: 'psycopg2', modules: ['psycopg2'], file: 'psycopg2_programme.py' },
  { driver: 'asyncpg', modules: ['asyncpg'], file: 'asyncpg_programme.py' },
  { driver: 'SQLAlchemy', modules: ['sqlalchemy', 'psycopg2'], file: 'sqlalchemy_programme.py' },
];

for (const { driver, modules, file } of programmes) {
  const python = pythonWith(modules);
  const skip = without({ [`Python's ${modules.join(' and ')}`]: python });
  t.test(`${driver} can't tell the proxy from the server`, { skip }, async (t) => {
    const programme = fileURLToPath(new URL(`programmes/${file}`, import.meta.url));
    await sameThreeWays(t, async ({ env }) => {
      const printed = await runOrThrow(python ?? '', [programme], { env });
      return JSON.parse(printed) as unknown;
    });
  });
}
