import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { editList, readList } from '../../src/firewall/firewall-file.js';
import { daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type Reply } from '../support/raw-client.js';
import { bind, errorFields, execute, parse, sync } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table note (id int, text text)');

const policy = (mode: string) => `version: 1
rules: [{ name: notes, tables: [public.note], actions: [select, insert] }]
catalog: visible
firewall: { mode: ${mode}, file: known/firewall.json }
`;

/** A daemon whose policy has a firewall, and a client of the role `clerk`. */
async function walled(t: Test, mode: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-firewall-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const policyFile = path.join(folder, 'policy.yaml');
  writeFileSync(policyFile, policy(mode));
  const { daemon, port } = await daemonWith(
    t,
    `users: { ann: { secret: pw, roles: [clerk] }, bob: { secret: pw } }
tenants: { default: { databases: { shop: { url: '${server.url}', pool: { size: 2 } } }, policies: [${policyFile}] } }`,
  );
  const connect = async (user = 'ann'): Promise<RawClient> => {
    const client = await RawClient.connect({ port }, { user, password: 'pw', database: 'shop' });
    t.teardown(() => client.destroy());
    return client;
  };
  const reload = async (next: string) => {
    writeFileSync(policyFile, policy(next));
    return daemon.reload();
  };
  return { connect, reload, daemon, file: path.join(folder, 'known/firewall.json') };
}

const has = (file: string, text: string) => existsSync(file) && readFileSync(file, 'utf8').includes(text);

const refusals = ({ messages }: Reply) =>
  messages.filter(({ type }) => type === 'E').map(({ body }) => errorFields(body));

t.test('what was learned passes, what was not is refused, and the next statement works', async (t) => {
  const { connect, reload, file } = await walled(t, 'learn');
  const ann = await connect();
  for (const id of [1, 2, 3]) await ann.ask(`select text from note where id = ${id}`);
  await ann.ask('delete from note');
  await until('learned', () => has(file, '"role":"clerk"'));
  t.match((await readList(file)).known, [
    { tenant: 'default', role: 'clerk', isAllowed: true, shape: 'select text from note where id = $1' },
  ]);
  t.equal((await readList(file)).known.length, 1, 'what the policy refuses is not learned');

  t.match(await reload('enforce'), { ok: true });
  t.same(refusals(await ann.ask('select text from note where id = 4')), []);
  const [refused] = refusals(await ann.ask("select text from note where id = 4 or 'a' = 'a'"));
  t.match(refused, {
    C: '42501',
    M: 'permission denied: the firewall does not know this statement',
    D: /^Its fingerprint is [0-9a-f]{16}\.$/,
  });
  t.same(refusals(await ann.ask('select text from note where id = 5')), []);
  const bob = await connect('bob');
  t.match(refusals(await bob.ask('select text from note where id = 4')), [{ C: '42501' }]);
});

t.test('an approved statement passes soon, and a dropped one is refused even where it is prepared', async (t) => {
  const { connect, file } = await walled(t, 'enforce');
  const ann = await connect();
  const sql = 'select id from note';
  t.match(refusals(await ann.ask(sql)), [{ C: '42501' }]);
  await until('noted', () => has(file, 'refused'));
  await editList(file, (list) => ({ ...list, known: list.known.map((known) => ({ ...known, isAllowed: true })) }));
  const isRefused = async () => refusals(await ann.ask(sql)).length > 0;
  for (let isOver = false; !isOver; ) isOver = !(await isRefused());

  ann.send(parse(sql, 's'), bind({ statement: 's' }), execute(), sync());
  t.same(refusals(await ann.readUntilReady()), []);
  await editList(file, (list) => ({ ...list, known: [] }));
  for (let isOver = false; !isOver; ) isOver = await isRefused();
  ann.send(bind({ statement: 's' }), execute(), sync());
  t.match(refusals(await ann.readUntilReady()), [{ C: '42501', M: /the firewall does not know/ }]);
});

t.test('a list that cannot be used stops a start, and leaves a running daemon as it is', async (t) => {
  const { connect, reload, daemon, file } = await walled(t, 'off');
  const ann = await connect();
  await editList(file, (list) => ({ ...list, parser: 17 }));
  const refused = await reload('enforce');
  t.match(refused, { ok: false, problems: [/firewall\.json.*PostgreSQL 17's parser/] });
  t.same(refusals(await ann.ask('select id from note')), [], 'the policy in force has no firewall');
  t.match(await daemon.reload(), { ok: false });
  t.match(await reload('off'), { ok: true });
});
