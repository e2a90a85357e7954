import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { CatalogSession } from '../../src/catalog/load-catalog.js';
import { parseConfig } from '../../src/config/load-config.js';
import type { CatalogFeed } from '../../src/judge/catalog-feed.js';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import type { PoliciesByTenant } from '../../src/judge/policies-in-force.js';
import { refuseMisfits } from '../../src/judge/refuse-misfits.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { rowsOf } from '../support/ask.js';
import { openLoader } from '../support/catalog.js';
import { daemonWith } from '../support/in-process-daemon.js';
import { clientOn } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`create table people (id int, name text, region text, born date);
  insert into people values (1, 'ann', 'EU', '1990-01-01'), (2, 'bob', 'US', '1991-01-01')`);
await server.query('create database other');

const account = `${server.superuser}: { secret: ${server.password}, roles: [reader] }`;
const yaml = `
users: { ${account} }
tenants: { default: { databases: { postgres: { url: '${server.url}' } }, policies: [policy.yaml] } }`;
const policyOf = (keys: string) =>
  `version: 1\nrules:\n  - { name: r, tables: [public.people], actions: [select, insert], ${keys} }\n`;
const filtered = policyOf(`rows: "region = 'EU'"`);

async function start(t: Test) {
  const { daemon, port, folder, log } = await daemonWith(t, yaml, { 'policy.yaml': filtered });
  const reload = async (policy: string, config = yaml) => {
    writeFileSync(path.join(folder, 'policy.yaml'), policy);
    const read = parseConfig(`listen: { port: 0 }\n${config}\nadmin: off`, path.join(folder, 'c.yaml'), {});
    (await daemon.prepareReload(read)).apply();
  };
  return { daemon, reload, port, log };
}

const misfits: Readonly<Record<string, RegExp>> = {
  'rows: "regoin is null"': /rows: names column regoin, which people doesn't have; correct it for public\.people/,
  'check: "regoin is null"': /check: names column regoin/,
  'rows: "name"': /rows: has a value of type text where it takes a boolean; correct it/,
  'rows: "id = name"': /rows: can't be bound .* operator does not exist: integer = text; correct it/,
  'columns: { hide: [nmae] }': /hide\[0\]: public\.people has no column nmae; did you mean name\?/,
  'columns: { mask: { nmae: "\'x\'" } }': /mask\.nmae: public\.people has no column nmae; did you mean name\?/,
  'columns: { mask: { id: "array[1]" } }': /mask\.id: can't be cast from integer\[\] to integer; correct it/,
  'columns: { write: [nmae] }': /write\[0\]: public\.people has no column nmae; did you mean name\?/,
};

t.test('a reload with what does not fit a database in use says where, and the policy in force stays', async (t) => {
  const { reload, port } = await start(t);
  const client = await clientOn(t, server, { port }, 'public');
  for (const [keys, message] of Object.entries(misfits)) {
    const found = new RegExp(`policy\\.yaml:3:\\d+ rules\\[0\\]\\.(columns\\.)?${message.source}`);
    await t.rejects(reload(policyOf(keys)), { code: 'configInvalid', message: found }, keys);
    t.same(await rowsOf(client, 'select name from people'), [['ann']]);
  }
  await reload(policyOf(`rows: "region = 'US'", columns: { hide: [born], mask: { name: "'x'" } }`));
  t.same(await rowsOf(client, 'select * from people'), [['2', 'x', 'US']], 'the corrected one is taken');
});

t.test('a reload logs what is doubtful about a database, and takes it', async (t) => {
  const { reload, port, log } = await start(t);
  await clientOn(t, server, { port }, 'public');
  await reload(filtered.replace('[public.people]', '[public.people, public.poeple]'));
  t.ok(log.some((line) => line.includes('is no relation of database \\"postgres\\"; did you mean public.people?')));
});

t.test('databases that nobody uses, and those that the reload moves, are not compared', async (t) => {
  const { daemon, reload, port } = await start(t);
  const misfit = policyOf('columns: { hide: [nmae] }');
  const client = await clientOn(t, server, { port }, 'public');
  await reload(misfit, yaml.replace(/\/postgres'/, "/other'"));
  await reload(filtered);
  client.destroy();
  await until('nobody is connected', () => daemon.status().databases.every(({ clients }) => clients === 0));
  await reload(misfit);
});

t.test('who takes a user a role is not held up by a policy that has ceased to fit', async (t) => {
  const { reload, port } = await start(t);
  const client = await clientOn(t, server, { port }, 'public');
  await server.query('alter table people rename region to area');
  t.teardown(() => server.query('alter table people rename area to region'));
  let taken = filtered;
  await until('the policy is refused by now', async () => {
    try {
      await reload(`${taken}#`);
      taken += '#';
      return false;
    } catch {
      return true;
    }
  });
  await reload(taken, yaml.replace('[reader]', '[]'));
  t.same(await rowsOf(client, 'select 1'), [['1']]);
});

t.test('a comparison has more time than a text; where it cannot be made the policies are taken', async (t) => {
  const sources = [{ file: 'p.yaml', text: policyOf('columns: { hide: [nmae] }') }];
  const policies = loadPolicies(sources);
  const after: PoliciesByTenant = new Map([['default', { key: 'policies', policies, sources, users: [] }]]);
  const loader = await openLoader(server.url);
  const known = { ...(await (await CatalogSession.open(loader)).load()), version: 1 };
  loader.close();
  const catalog = { key: 'catalog', version: 1, whenKnown: async () => {} } as CatalogFeed;
  const compare = async (limits: ConstructorParameters<typeof JudgeThreads>[0]) => {
    const threads = new JudgeThreads(limits);
    t.teardown(() => threads.close());
    threads.tell({ kind: 'policies', key: 'policies', policies });
    threads.tell({ kind: 'catalog', key: 'catalog', catalog: known });
    const warnings: string[] = [];
    await refuseMisfits(new Map(), after, [{ tenant: 'default', name: 'postgres', catalog }], threads, (warning) =>
      warnings.push(warning),
    );
    return warnings;
  };
  await t.rejects(compare({ deadlineMs: 0 }), { message: /^p\.yaml:3:\d+ .* has no column nmae/ });
  t.match(await compare({ queueMax: 0 }), [/^policies could not be compared with the databases: too many statements/]);
});
