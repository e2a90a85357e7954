import path from 'node:path';
import type { Test } from 'tap';
import { type Daemon, startDaemon } from '../support/daemon.js';
import { ledgerSchema } from '../support/ledger.js';
import { type Postgres, startPostgres } from '../support/postgres.js';

/** Readers of the table `own`, each with so many rows. */
export const readers = 16;
export const slots = 3;

const schema = `${ledgerSchema};
create table entry (id text not null);
create table load (batch text not null, at int not null, note text);
create table own (reader int, slot int, v int not null, note text not null, region text not null);
insert into own select reader, slot, 0, 'secret', region
  from generate_series(0, ${readers - 1}) reader, generate_series(0, ${slots - 1}) slot, unnest('{here,elsewhere}'::text[]) region;
create index on own (reader);
create function noted(id text) returns text language sql volatile as 'insert into entry values (id) returning id'`;

const policy = `version: 1
masks: { hidden: "'hidden'" }
rules:
  - name: work
    tables: [public.account, public.journal, public.entry, public.load]
    actions: [select, insert, update, delete, copy-in]
  - name: rows of one's own region
    tables: [public.own]
    actions: [select, update]
    rows: "region = any(:user.regions)"
    columns: { mask: { note: hidden } }
statements: { allow: [transaction, set, show, prepare, cursor, discard, listen, notify] }
functions: { allow: [public.noted, pg_catalog.pg_sleep] }
`;

export interface SoakDaemon {
  readonly server: Postgres;
  readonly daemon: Daemon;
  /** The sum of the samples of a metric whose labels hold this text. */
  metric(name: string, labels?: string): Promise<number>;
  readonly auditFolder: string;
}

/** A server, and the daemon's own process before it: shared lanes, a policy, and an audit with a chain. */
export async function startSoak(t: Test, lifetimeMs: number): Promise<SoakDaemon> {
  const server = await startPostgres({ settings: { max_connections: '60', deadlock_timeout: '20ms' } });
  t.teardown(() => server.stop());
  await server.query(schema);
  const { superuser, password, url } = server;
  const pool = { mode: 'auto', size: 24, acquireTimeoutMs: 5000, rescueMs: 200 };
  const daemon = await startDaemon({
    config: {
      admin: { port: 0 },
      users: { [superuser]: { secret: password, attributes: { regions: ['here'] } } },
      tenants: {
        default: {
          databases: { postgres: { url, pool, breaker: { resetAfterMs: 200 } } },
          policies: ['policy.yaml'],
        },
      },
      audit: { file: 'audit/audit.jsonl', chain: true, rotateBytes: 50_000_000, keep: 3 },
    },
    files: { 'policy.yaml': policy },
    lifetimeMs,
  });
  t.teardown(() => daemon.stop());
  const admin = await daemon.untilLogged('admin listening');
  return {
    server,
    daemon,
    auditFolder: path.join(daemon.folder, 'audit'),
    async metric(name, labels = '') {
      const text = await (await fetch(`http://127.0.0.1:${admin.port}/metrics`)).text();
      const samples = text
        .split('\n')
        .filter((line) => line.startsWith(`pgturnstile_${name}`) && line.includes(labels));
      return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
  };
}
