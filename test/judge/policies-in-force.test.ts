import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { parseConfig } from '../../src/config/load-config.js';
import { rowsOf, sqlstateOf } from '../support/ask.js';
import { daemonWith } from '../support/in-process-daemon.js';
import { clientOn } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table open (id int); insert into open values (1); create table closed (id int)');

const policyOf = (table: string) =>
  `version: 1\nrules: [{ name: r, tables: [public.${table}], actions: [select] }]\ncatalog: visible\n`;
const yaml = `
users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { databases: { postgres: { url: '${server.url}' } }, policies: [policy.yaml] } }`;

t.test('policies hold until others are in force, whatever becomes of those', async (t) => {
  const { daemon, port, folder } = await daemonWith(t, yaml, { 'policy.yaml': policyOf('open') });
  const client = await clientOn(t, server, { port }, 'public');
  const prepare = () => {
    writeFileSync(path.join(folder, 'policy.yaml'), policyOf('closed'));
    return daemon.prepareReload(
      parseConfig(`listen: { port: 0 }\n${yaml}\nadmin: off`, path.join(folder, 'c.yaml'), {}),
    );
  };
  t.same(await rowsOf(client, 'select id from open'), [['1']]);

  const given = await prepare();
  t.same(await rowsOf(client, 'select id as prepared from open'), [['1']], 'while others are made ready');
  given.abandon();
  t.same(await rowsOf(client, 'select id as abandoned from open'), [['1']], 'after those were given up');

  const taken = await prepare();
  taken.apply();
  t.equal(await sqlstateOf(client, 'select id as applied from open'), '42501');
  t.same(await rowsOf(client, 'select id from closed'), []);
});

t.test('a reload with a filter that is no SQL says where, and the policy in force stays', async (t) => {
  const { daemon, port, folder } = await daemonWith(t, yaml, { 'policy.yaml': policyOf('open') });
  const client = await clientOn(t, server, { port }, 'public');
  const broken = policyOf('open').replace('actions:', 'rows: "id = ", actions:');
  writeFileSync(path.join(folder, 'policy.yaml'), broken);
  const config = parseConfig(`listen: { port: 0 }\n${yaml}\nadmin: off`, path.join(folder, 'c.yaml'), {});
  await t.rejects(daemon.prepareReload(config), {
    message: /policy\.yaml:2:\d+ rules\[0\]\.rows: syntax error at its end/,
  });
  t.same(await rowsOf(client, 'select id from open'), [['1']]);
});
