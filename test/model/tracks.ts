import pg from 'pg';
import type { Test } from 'tap';
import type { Login } from '../support/raw-login.js';
import { KeptMembers, type Members, NewMembers } from './members.js';
import { type ModelDaemon, searchPath } from './model-daemon.js';

/** One of the two that are compared: a database of its own, how its clients come, and how it is prepared. */
export interface Side {
  readonly members: Members;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** Programs run at once, each between two databases of its own: a step is mostly waiting for an answer. */
export interface Track {
  readonly direct: Side;
  readonly proxied: Side;
}

export async function startTracks(t: Test, daemon: ModelDaemon, schema: string, count: number): Promise<Track[]> {
  const { server } = daemon;
  await server.query('create database model');
  await server.query(schema, 'model');
  const side = async (name: string, kind: typeof KeptMembers | typeof NewMembers, port: number): Promise<Side> => {
    await server.query(`create database ${name} template model`);
    const own = new pg.Client(server.urlFor(name));
    await own.connect();
    const account: Login = { user: server.superuser, database: name, parameters: { search_path: searchPath } };
    const members = new kind({ port }, account);
    t.teardown(async () => {
      await members.close();
      await own.end();
    });
    const query = async (sql: string) => {
      const results: unknown = await own.query(sql);
      return (Array.isArray(results) ? results.at(-1) : results).rows;
    };
    return { members, query };
  };
  const tracks: Track[] = [];
  for (let track = 0; track < count; track++)
    tracks.push({
      direct: await side(`direct_${track}`, KeptMembers, server.port),
      proxied: await side(`proxied_${track}`, NewMembers, daemon.port),
    });
  return tracks;
}
