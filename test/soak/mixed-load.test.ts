import { readdirSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { verifyChain } from '../../src/audit/verify-chain.js';
import { ledgerDisorder, statementsEach } from '../support/ledger.js';
import { until } from '../support/until.js';
import { hearingDisorder } from './listeners.js';
import { listeners, runMixedLoad } from './mixed-load.js';
import type { Report } from './report.js';
import { soakSettings } from './settings.js';
import { startSoak } from './soak-daemon.js';

// A mixed load over shared lanes, under a policy and with an audit, while backends are killed and tables locked.
// `SOAK_SEED=n` has each client do the same again.

/** Of the daemon, megabytes. */
const memoryMaxMb = 400;
/** Caches go on filling with shapes that are new: 10 kB each, less than a thousand. And collections come at their own time. */
const growthMaxMb = 24;
/** What it takes so that the rest says something: it goes on until there is so much, for a while. */
const operationsMin = 1500;
const lanesMin = { answered: 400, promoted: 5, rescued: 1 };

const settings = soakSettings();
t.comment(`SOAK_SEED=${settings.seed}`);
const soak = await startSoak(t, settings.millisecondsMax + 60_000);
const { server, daemon, metric } = soak;

const event = (name: string) => metric('shared_reads_total', `event="${name}"`);
async function lanesSoFar() {
  const [answered, promoted] = [await event('answered'), await event('promoted')];
  return { answered, promoted, rescued: await event('rescued'), rerun: await event('rerun') };
}

async function isEnough({ operations }: Report): Promise<boolean> {
  const { answered, promoted, rescued } = await lanesSoFar();
  const isShared = answered >= lanesMin.answered && promoted >= lanesMin.promoted && rescued >= lanesMin.rescued;
  return isShared && operations >= operationsMin;
}

const outcome = await runMixedLoad(soak, settings, isEnough);
const { report, tellers, entries, copies, hearings, faults, memory } = outcome;
const lanes = await lanesSoFar();
t.comment(`done ${JSON.stringify(report.done)}; excused ${JSON.stringify(report.failed)}`);
t.comment(`faults ${JSON.stringify(faults)}; lanes ${JSON.stringify(lanes)}; memory at least, by quarters, ${memory}`);

t.test('nobody saw or was told anything wrong', async (t) => {
  t.same(report.wrong, []);
  t.ok(report.operations >= operationsMin, `${report.operations} operations`);
});

t.test('the ledger balances, and each transfer was written once', async (t) => {
  t.same(await ledgerDisorder(server, tellers), []);
});

t.test('no statement ran twice, and none that was acknowledged is lost', async (t) => {
  t.same(await entries.disorder(server), []);
});

t.test('a COPY was done as a whole or not at all', async (t) => {
  t.same(await copies.disorder(server), []);
});

t.test('listeners heard what was announced, once and in order, and to the end', async (t) => {
  t.same(
    hearings.flatMap((hearing) => hearingDisorder(hearing, tellers)),
    [],
  );
  t.equal(hearings.filter(({ isWhole }) => isWhole).length, listeners);
});

t.test('no upstream is left in a transaction', async (t) => {
  const open = "select from pg_stat_activity where state like 'idle in transaction%'";
  await until('all transactions are over', async () => (await server.query(open)).length === 0);
  t.same(await server.query(open), []);
});

t.test('everything that was to go wrong did, and lanes took part', async (t) => {
  for (const [fault, count] of Object.entries(faults)) t.ok(count > 0, `${count} ${fault}`);
  for (const [name, floor] of Object.entries(lanesMin)) {
    const count = lanes[name as keyof typeof lanesMin];
    t.ok(count >= floor, `${count} ${name}`);
  }
});

t.test('memory stays below its bound, and does not grow over a long run', async (t) => {
  t.ok(memory.peak < memoryMaxMb, `${memory.peak.toFixed(1)} MB at most`);
  if (!settings.isLong) return;
  const growth = memory.lowestOf(3) - memory.lowestOf(1);
  t.ok(growth < growthMaxMb, `${growth.toFixed(1)} MB from the second quarter to the last`);
});

t.test('each statement is in the audit, whose chain holds', async (t) => {
  const acknowledged = report.operations + (report.done.transfer ?? 0) * (statementsEach - 1);
  const audited = () => metric('audit_events_total', 'outcome="written"');
  await until('all is written', async () => (await audited()) >= acknowledged);
  t.equal(await metric('audit_events_total', 'outcome="lost"'), 0);
  const files = readdirSync(soak.auditFolder).filter((name) => /\.jsonl(\.\d+)?$/.test(name));
  const paths = files.map((name) => path.join(soak.auditFolder, name));
  t.match(await verifyChain(paths, null), { ok: true, breaks: [] });
});

t.test('the daemon stops as it should', async (t) => {
  t.match(await daemon.stop(), { code: 0 });
});
