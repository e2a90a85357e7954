import type { Test } from 'tap';
import { SessionJudge } from '../../src/judge/judge.js';
import type { Judgement } from '../../src/judge/judgement.js';
import type { LaneCounters } from '../../src/pool/shared-lanes.js';
import { daemonWith, type InProcessDaemon } from './in-process-daemon.js';
import type { Reachable } from './relay.js';

const policy = `
version: 1
rules:
  - name: everything
    tables: ['*.*']
    actions: [select, insert, update, delete, truncate, copy-out, copy-in, lock]
statements: { allow: [transaction, set, show, prepare, cursor, discard, listen, notify, temp, ddl, do, call, explain] }
functions: { allow: ['*.*'] }
catalog: visible
`;

/** A daemon that shares what reads, and what each of its shared reads became. */
export interface SharingDaemon extends InProcessDaemon {
  reads(): LaneCounters;
}

/** A daemon in mode auto whose users may do everything, with these keys of the pool as YAML flow. */
export async function sharingDaemon(
  t: Test,
  server: Pick<Reachable, 'superuser' | 'password' | 'urlFor'>,
  pool = 'size: 4, rescueMs: 2000',
): Promise<SharingDaemon> {
  judgeBySight();
  const daemon = await daemonWith(
    t,
    `users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { policies: [policy.yaml], databases: { '*': {
  url: '${server.urlFor('*')}', pool: { mode: auto, ${pool} }, limits: { queryTimeoutMs: 0 } } } } }`,
    { 'policy.yaml': policy },
  );
  const zero = { answered: 0, rerun: 0, rescued: 0, parsed: 0, promoted: 0 };
  return { ...daemon, reads: () => daemon.pools()[0]?.sharedReads ?? zero };
}

let isPatched = false;

/** Whatever begins with SELECT, and doesn't say that it is to be pinned, only reads. */
function judgeBySight(): void {
  if (isPatched) return;
  isPatched = true;
  const shareable = new WeakMap<Judgement, Judgement>();
  const { judge } = SessionJudge.prototype;
  const bySight = (judgement: Judgement): Judgement => {
    const known = shareable.get(judgement) ?? { ...judgement, isShareable: judgement.refusal === null };
    shareable.set(judgement, known);
    return known;
  };
  SessionJudge.prototype.judge = function (text, names, types) {
    const judgement = judge.call(this, text, names, types);
    if (!/^\s*(select|table|values)\b/i.test(text) || /pinned|pg_backend_pid|set_config/.test(text)) return judgement;
    return judgement instanceof Promise ? judgement.then((told) => told && bySight(told)) : bySight(judgement);
  };
}
