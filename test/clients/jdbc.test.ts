import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { findTool, runOrThrow } from '../support/process.js';
import { sameThreeWays, without } from '../support/three-ways.js';

const java = findTool('java');
const javac = findTool('javac');
// Where Debian's libpostgresql-jdbc-java and Fedora's postgresql-jdbc put it.
const jar =
  ['/usr/share/java/postgresql.jar', '/usr/share/java/postgresql-jdbc/postgresql.jar'].find(existsSync) ?? null;
const skip = without({ java, javac, 'the JDBC driver': jar });

t.test("the JDBC driver can't tell the proxy from the server", { skip }, async (t) => {
  const classes = t.testdir({});
  const source = fileURLToPath(new URL('programmes/Programme.java', import.meta.url));
  await runOrThrow(javac ?? '', ['-encoding', 'UTF-8', '-cp', jar ?? '', '-d', classes, source]);
  await sameThreeWays(t, async ({ host, port, database, user, password, rootCertFile }) => {
    const url = `jdbc:postgresql://${host}:${port}/${database}?sslmode=verify-full&sslrootcert=${rootCertFile}`;
    // A small machine: the first compiler is enough, and quick to start.
    const args = [
      '-XX:TieredStopAtLevel=1',
      '-cp',
      [classes, jar].join(path.delimiter),
      'Programme',
      url,
      user,
      password,
    ];
    return (await runOrThrow(java ?? '', args)).split('\n');
  });
});
