import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { fingerprintsMax, parseList, refusedMax } from '../../src/firewall/fingerprint-list.js';
import { Firewall } from '../../src/firewall/firewall.js';
import { editList, readList } from '../../src/firewall/firewall-file.js';
import { createLog } from '../../src/telemetry/log.js';
import { until } from '../support/until.js';

const one = '0000000000000001';
const two = '0000000000000002';

async function makeFirewall(t: Test, file = path.join(t.testdir(), 'firewall.json')) {
  const logged: string[] = [];
  const log = createLog({ level: 'info', pretty: false }, { write: (line) => logged.push(line) });
  const firewall = await Firewall.open(file, log);
  t.teardown(() => firewall.close());
  return { firewall, file, logged };
}

const fingerprints = async (file: string) => (await readList(file)).known.map(({ fingerprint }) => fingerprint);

t.test('what ran while it learned is let through for the same tenant and role alone', async (t) => {
  const { firewall } = await makeFirewall(t);
  const learning = firewall.gate('acme', ['analyst'], 'learn');
  t.ok(learning.admits(one, 'select $1'));
  learning.ran(one, 'select $1');
  t.ok(firewall.gate('acme', ['clerk', 'analyst'], 'enforce').admits(one, null), 'one of the roles is enough');
  t.notOk(firewall.gate('acme', ['clerk'], 'enforce').admits(one, null));
  t.notOk(firewall.gate('acme', [], 'enforce').admits(one, null));
  t.notOk(firewall.gate('other', ['analyst'], 'enforce').admits(one, null));
  t.notOk(firewall.gate('acme', ['analyst'], 'enforce').admits(two, null));
});

t.test('the file has who ran what, how often, and when first and last', async (t) => {
  const { firewall, file } = await makeFirewall(t);
  const gate = firewall.gate('acme', ['analyst'], 'learn');
  const before = new Date().toISOString();
  for (let i = 0; i < 3; i++) gate.ran(one, `select '${'x'.repeat(1000)}' from t`);
  firewall.gate('acme', [], 'enforce').admits(two, 'table t');
  await firewall.sync();
  const { known } = await readList(file);
  t.match(known, [
    { tenant: 'acme', role: 'analyst', fingerprint: one, isAllowed: true, count: 3 },
    { tenant: 'acme', role: null, fingerprint: two, isAllowed: false, count: 1, shape: 'table t' },
  ]);
  t.ok((known[0]?.shape?.length ?? 0) < 400);
  t.ok((known[0]?.firstSeen ?? '') >= before && (known[0]?.lastSeen ?? '') >= (known[0]?.firstSeen ?? 'z'));
  gate.ran(one, null);
  await firewall.sync();
  t.match((await readList(file)).known[0], { count: 4, firstSeen: known[0]?.firstSeen });
});

t.test('it is there again after a restart', async (t) => {
  const { firewall, file } = await makeFirewall(t);
  firewall.gate('acme', ['a'], 'learn').ran(one, null);
  await firewall.close();
  const { firewall: again } = await makeFirewall(t, file);
  t.ok(again.gate('acme', ['a'], 'enforce').admits(one, null));
});

t.test('what others approve and drop is in force soon, and is not written over', async (t) => {
  const { firewall, file } = await makeFirewall(t);
  const gate = firewall.gate('acme', ['a'], 'enforce');
  firewall.gate('acme', ['a'], 'learn').ran(one, null);
  t.notOk(gate.admits(two, null));
  await firewall.sync();
  await editList(file, (list) => ({
    ...list,
    known: list.known.flatMap((known) => (known.fingerprint === one ? [] : [{ ...known, isAllowed: true }])),
  }));
  // It ran in the meantime, and that is counted nowhere.
  gate.ran(one, null);
  await until('approved', () => gate.admits(two, null));
  t.notOk(gate.admits(one, null));
  gate.ran(two, null);
  await firewall.sync();
  const [approved] = (await readList(file)).known;
  t.match(approved, { fingerprint: two, isAllowed: true });
  t.ok((approved?.count ?? 0) >= 2, 'refused and run');
});

t.test('what was refused once is learned when it runs while learning', async (t) => {
  const { firewall, file } = await makeFirewall(t);
  t.notOk(firewall.gate('acme', ['a'], 'enforce').admits(one, null));
  await firewall.sync();
  firewall.gate('acme', ['a'], 'learn').ran(one, null);
  t.ok(firewall.gate('acme', ['a'], 'enforce').admits(one, null));
  await firewall.sync();
  t.match((await readList(file)).known, [{ isAllowed: true }]);
});

t.test('several daemons and editors of one file lose nothing of each other', async (t) => {
  const { firewall, file } = await makeFirewall(t);
  const { firewall: other } = await makeFirewall(t, file);
  const work = [firewall, other].map(async (each, index) => {
    for (let number = 0; number < 10; number++) {
      each.gate('acme', ['a'], 'learn').ran(`${index + 1}00000000000000${number}`, null);
      each.gate('acme', ['a'], 'learn').ran(one, null);
      await each.sync();
    }
  });
  await Promise.all(work);
  const { known } = await readList(file);
  t.equal(known.length, 21);
  t.equal(known.find(({ fingerprint }) => fingerprint === one)?.count, 20);
});

t.test('there is a bound to what is learned and to what is noted of refusals', async (t) => {
  const { firewall, file, logged } = await makeFirewall(t);
  const name = (number: number) => number.toString(16).padStart(16, '0');
  const learning = firewall.gate('acme', ['a'], 'learn');
  for (let number = 0; number < fingerprintsMax + 10; number++) learning.ran(name(number), null);
  const enforcing = firewall.gate('acme', ['b'], 'enforce');
  for (let number = 0; number < refusedMax + 10; number++) enforcing.admits(name(number), null);
  await firewall.sync();
  t.equal((await readList(file)).known.length, fingerprintsMax + refusedMax);
  t.match(logged.join(''), /as many allowed fingerprints as it keeps/);
  t.notOk(firewall.gate('acme', ['a'], 'enforce').admits(name(fingerprintsMax + 5), null));
});

t.test('a file that cannot be written is told, and written when it can be', async (t) => {
  const folder = t.testdir({ blocked: '' });
  const { firewall, file, logged } = await makeFirewall(t, path.join(folder, 'firewall.json'));
  writeFileSync(file, 'spoiled');
  firewall.gate('acme', ['a'], 'learn').ran(one, null);
  await until('told', () => logged.length > 0);
  t.match(logged[0], /is not JSON/);
  t.ok(firewall.gate('acme', ['a'], 'enforce').admits(one, null), 'what is known stays in force');
  writeFileSync(file, '{"version":1,"parser":18,"fingerprints":[]}');
  await until('written', () => readFileSync(file, 'utf8').includes(one));
  t.same(await fingerprints(file), [one]);
});

t.test('looking a statement up costs next to nothing', async (t) => {
  const { firewall } = await makeFirewall(t);
  const learning = firewall.gate('acme', ['a', 'b'], 'learn');
  learning.ran(one, null);
  const gate = firewall.gate('acme', ['a', 'b'], 'enforce');
  const rounds = 100_000;
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5; attempt++) {
    const startedAt = process.cpuUsage();
    for (let i = 0; i < rounds; i++) {
      gate.admits(one, null);
      gate.ran(one, null);
    }
    const { user, system } = process.cpuUsage(startedAt);
    best = Math.min(best, user + system);
  }
  t.comment(`${((best * 1000) / rounds).toFixed(0)} ns a statement`);
  t.ok(best / rounds < 5);
});

t.test('a list that is not one says why', (t) => {
  for (const text of ['{}', '[]', 'null', '{"version":2}', '{"version":1,"parser":18,"fingerprints":[{}]}']) {
    t.throws(() => parseList(text), text);
  }
  t.end();
});
