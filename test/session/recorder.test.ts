import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { bind, copyData, copyDone, copyFail, execute, parse, query, sync } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());

const policy = (rules: string) => `version: 1\nrules:\n${rules}\ncatalog: visible\n`;
const everything = '  - { name: all, tables: [public.*], actions: [select, insert, copy-in, copy-out] }';

/** A table of notes, and a daemon that audits. */
async function audited(t: Test) {
  await server.query('drop table if exists note');
  await server.query('create table note (id int, text text)');
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-recorder-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const policyFile = path.join(folder, 'policy.yaml');
  writeFileSync(policyFile, policy(everything));
  const daemon = await daemonWith(
    t,
    `users: { ann: { secret: pw } }
tenants: { default: { databases: { shop: { url: '${server.url}', pool: { size: 2 } } }, policies: [${policyFile}] } }`,
  );
  const target = { port: daemon.port };
  const connect = async (): Promise<RawClient> => {
    const client = await RawClient.connect(target, { user: 'ann', password: 'pw', database: 'shop' });
    t.teardown(() => client.destroy());
    return client;
  };
  /** The lines of a kind, once there are so many. */
  const lines = async (kind: string, count: number): Promise<Record<string, unknown>[]> => {
    const found = () =>
      readFileSync(path.join(daemon.folder, 'audit.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line.includes(`"kind":"${kind}"`))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    await until(`${count} lines of ${kind}`, () => found().length >= count);
    return found();
  };
  return { daemon: daemon.daemon, policyFile, target, connect, lines };
}

t.test('a copy is recorded with its rows and bytes, also one that fails', async (t) => {
  const { connect, lines } = await audited(t);
  const client = await connect();
  client.send(query('copy note from stdin'));
  await client.readUntil('G');
  const data = ['1\tone\n2\ttwo\n', '3\tthree\n'];
  client.send(...data.map(copyData), copyDone());
  await client.readUntilReady();
  await client.ask('copy note to stdout');
  client.send(query('copy note from stdin'));
  await client.readUntil('G');
  client.send(copyData('9\tnine\n'), copyFail('no more'));
  await client.readUntilReady();
  await client.ask('select 1');
  const [copyIn, copyOut, failed, select] = await lines('statement', 4);
  const bytes = data.join('').length;
  t.match(copyIn, { action: 'insert,copy-in', rows: 3, bytes: bytes + 2 * 5, sqlstate: null });
  t.match(copyOut, { rows: 3, bytes: bytes + 3 * 5, sqlstate: null });
  t.match(failed, { rows: 0, bytes: 7 + 5, sqlstate: '57014' });
  t.notOk('bytes' in (select ?? {}));
});

t.test('a copy among other statements of a text has its bytes alone', async (t) => {
  const { connect, lines } = await audited(t);
  const client = await connect();
  await client.ask('insert into note values (1); copy note to stdout; select * from note');
  const [insert, copy, select] = await lines('statement', 3);
  t.match(copy, { rows: 1, bytes: '1\t\\N\n'.length + 5 });
  t.notOk('bytes' in (insert ?? {}) || 'bytes' in (select ?? {}));
});

t.test('rows that are fetched a few at a time are recorded as they go', async (t) => {
  const { connect, lines } = await audited(t);
  const client = await connect();
  await client.ask('insert into note select generate_series(1, 7)');
  client.send(parse('select * from note'), bind(), execute('', 3), execute('', 3), execute('', 3), sync());
  await client.readUntilReady();
  const found = await lines('statement', 4);
  t.same(
    found.map(({ rows }) => rows),
    [7, 3, 3, 1],
  );
});

t.test('logins are recorded with where they wanted to go and why they failed', async (t) => {
  const { connect, target, lines } = await audited(t);
  await connect();
  await t.rejects(RawClient.connect(target, { user: 'ann', password: 'wrong', database: 'shop' }));
  await t.rejects(RawClient.connect(target, { user: 'ann', password: 'pw', database: 'nowhere' }));
  const [admitted, failed, lost] = await lines('auth', 3);
  t.match(admitted, { user: 'ann', database: 'shop', outcome: 'admitted', verdict: 'allow' });
  t.match(failed, { user: 'ann', method: 'scram-sha-256', outcome: 'failed', verdict: 'deny', detail: /\w/ });
  t.notMatch(JSON.stringify(failed), /wrong"/);
  t.match(lost, { database: 'nowhere', outcome: 'unknown-database', verdict: 'deny' });
});

t.test('a reload says which rules came, went and changed; one that fails leaves all as it was', async (t) => {
  const { daemon, policyFile, connect, lines } = await audited(t);
  const rule = '{ name: notes, tables: [public.note], actions: [insert] }';
  writeFileSync(policyFile, policy(`  - ${rule}`));
  t.match(await daemon.reload(), { ok: true });
  writeFileSync(policyFile, policy('  - { name: broken }'));
  t.match(await daemon.reload(), { ok: false });
  const [changed] = await lines('policy', 1);
  t.match(changed, {
    tenant: 'default',
    added: [`${policyFile}: notes`],
    removed: [`${policyFile}: all`],
    changed: [],
  });
  const [, refused] = await lines('reload', 2);
  t.match(refused, { verdict: 'deny', detail: /policy\.yaml:3:\d+ .*tables is missing/ });
  const client = await connect();
  await client.ask('select * from note');
  t.match(await lines('statement', 1), [{ verdict: 'deny', sqlstate: '42501' }]);
});
