import type { Test } from 'tap';
import type { Postgres } from './postgres.js';
import { RawClient, type RawTarget, type Reply } from './raw-client.js';
import { type Login, RawError } from './raw-login.js';
import { errorFields, rowValues } from './raw-messages.js';

/** A client that is logged in as the server's superuser, unless told otherwise; it is gone when the test ends. */
export async function signIn(
  t: Test,
  target: RawTarget,
  server: Pick<Postgres, 'superuser' | 'password'>,
  options: Partial<Login> = {},
): Promise<RawClient> {
  const account = { user: server.superuser, password: server.password, database: 'postgres' };
  const client = await RawClient.connect(target, { ...account, ...options });
  t.teardown(() => client.destroy());
  return client;
}

export function rowsIn({ messages }: Pick<Reply, 'messages'>): (string | null)[][] {
  return messages.filter(({ type }) => type === 'D').map(({ body }) => rowValues(body));
}

/** The fields of the first error, by their letter; null when there is none. */
export function errorIn({ messages }: Pick<Reply, 'messages'>): Record<string, string> | null {
  const error = messages.find(({ type }) => type === 'E');
  return error === undefined ? null : errorFields(error.body);
}

/** The fields of every error. */
export function errorsIn({ messages }: Pick<Reply, 'messages'>): Record<string, string>[] {
  return messages.filter(({ type }) => type === 'E').map(({ body }) => errorFields(body));
}

/** What a text is answered within a transaction that is taken back. */
export async function askAndRollBack(client: RawClient, sql: string): Promise<Reply> {
  await client.ask('begin');
  const reply = await client.ask(sql);
  await client.ask('rollback');
  return reply;
}

/** The rows that a text gives. Rejects with RawError when it fails. */
export async function rowsOf(client: RawClient, sql: string, deadlineMs?: number): Promise<(string | null)[][]> {
  const reply = await client.ask(sql, deadlineMs);
  const failed = reply.messages.find(({ type }) => type === 'E');
  if (failed !== undefined) throw new RawError(failed.body);
  return rowsIn(reply);
}

/** The last row's first column. */
export async function answerOf(client: RawClient, sql: string, deadlineMs?: number): Promise<string | null> {
  return (await rowsOf(client, sql, deadlineMs)).at(-1)?.[0] ?? null;
}

/** The SQLSTATE that a text fails with; null when it doesn't. */
export async function sqlstateOf(client: RawClient, sql: string, deadlineMs?: number): Promise<string | null> {
  return errorIn(await client.ask(sql, deadlineMs))?.C ?? null;
}

/** The server process that runs this client's statements at the moment. */
export async function backendOf(client: RawClient): Promise<number> {
  return Number(await answerOf(client, 'select pg_backend_pid()'));
}

/** The fields of the error that a log-in ends with. Rejects when it succeeds. */
export async function refusalOf(t: Test, target: RawTarget, login: Login): Promise<Record<string, string>> {
  const client = await RawClient.connect(target);
  t.teardown(() => client.destroy());
  try {
    await client.login(login);
  } catch (error) {
    if (error instanceof RawError) return error.fields;
    throw error;
  }
  throw new Error(`${login.user} was let in`);
}
