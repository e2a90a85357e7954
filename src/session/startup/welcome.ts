import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeBackendKeyData } from '../../../protocol/messages/backend-key-data.js';
import { encodeParameterStatus } from '../../../protocol/messages/parameter-status.js';
import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import { askUpstream } from '../../backend/postgres/own-query.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { Pool } from '../../pool/pool.js';
import type { PooledUpstream } from '../../pool/pooled-upstream.js';
import type { SessionSettings } from '../../pool/session-settings.js';
import type { ServedDatabase } from '../databases/served-database.js';
import { readyFrame } from '../ready-frames.js';

/** What a server reports of its settings to a client that starts with certain settings of its own. */
export interface Welcome {
  /** Those of its own; one object for all such clients. */
  readonly settings: SessionSettings;
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** Reported from PostgreSQL 18 on only, so it is asked for. */
  readonly searchPath: string;
  /** Milliseconds of the monotonic clock. */
  readonly learnedAt: number;
}

/** Servers are upgraded and reconfigured: what they report is asked for again after so many milliseconds. */
const validMs = 60_000;
const welcomesMax = 1000;

/**
 * What the server would report to a client that starts with these settings. Rejects with a FATAL ProxyError that says
 * why the client can't start: the server's own words where it doesn't take a setting.
 */
export async function learnWelcome(
  database: ServedDatabase,
  settings: SessionSettings,
  isReplication: boolean,
): Promise<Welcome> {
  const { welcomes } = database;
  const known = welcomes.get(settings.key);
  const now = performance.now();
  if (known !== undefined && now - known.learnedAt < validMs) return known;
  if (database.breaker.isOpen()) throw asFatal(database.breaker.refusal());
  const upstream = await checkout(database.pool, settings);
  const made = upstream.sqlToBecome(settings, null) ?? '';
  // A walsender of physical replication takes no SQL, and has no names to look for.
  const sql = isReplication ? made : `${made};SELECT pg_catalog.current_setting('search_path')`;
  const searchPath = sql === '' ? '' : await makeSettings(database.pool, upstream, sql);
  upstream.became(settings, null);
  const welcome = { settings, parameters: [...upstream.connection.parameters], searchPath, learnedAt: now };
  database.pool.release(upstream);
  if (welcomes.size >= welcomesMax) welcomes.clear();
  welcomes.set(settings.key, welcome);
  return welcome;
}

/** Everything between AuthenticationOk and the client's first message (PG 55.2.1). */
export function encodeWelcome(welcome: Welcome, processId: number, secretKey: Buffer): Buffer {
  const writer = new MessageWriter();
  for (const [name, value] of welcome.parameters) encodeParameterStatus(writer, { name, value });
  encodeBackendKeyData(writer, { processId, secretKey });
  return Buffer.concat([writer.take(), readyFrame(transactionStatus.idle)]);
}

function checkout(pool: Pool, settings: SessionSettings): Promise<PooledUpstream> {
  return new Promise((resolve, reject) => {
    const waiter = { onUpstream: resolve, onRefused: (error: ProxyError) => reject(asFatal(error)) };
    const upstream = pool.checkout(waiter, settings.key);
    if (upstream !== null) resolve(upstream);
  });
}

/** Runs the SQL that makes the settings, on an upstream in hand, and gives what it selects: the search_path under them. */
function makeSettings(pool: Pool, upstream: PooledUpstream, sql: string): Promise<string> {
  return new Promise((resolve, reject) => {
    askUpstream(upstream.connection, sql, (answer) => {
      if (answer.kind === 'value') return resolve(answer.value ?? '');
      // The refused statement was undone as a whole: the upstream is as it was.
      if (answer.kind === 'refused') pool.release(upstream);
      const said = answer.kind === 'refused' ? answer.error : answer.loss.lastWords;
      reject(
        new ProxyError('invalidParameter', said?.message ?? 'server closed the connection unexpectedly', {
          severity: 'FATAL',
          sqlstate: said?.sqlstate ?? '08006',
          detail: said?.detail,
          hint: said?.hint,
        }),
      );
    });
  });
}

function asFatal(error: ProxyError): ProxyError {
  const { code, clientMessage, sqlstate, detail, hint, cause } = error;
  return new ProxyError(code, clientMessage, { severity: 'FATAL', sqlstate, detail, hint, cause });
}
