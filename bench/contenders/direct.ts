import type { TestBed } from '../test-bed.js';
import type { Contender } from './contender.js';

/** PostgreSQL without anything in front. */
export function direct({ server }: TestBed): Contender {
  return {
    name: 'direct',
    version: `PostgreSQL ${server.version}`,
    start: async () => ({
      name: 'direct',
      host: server.host,
      port: server.port,
      processId: null,
      stop: async () => {},
    }),
  };
}
