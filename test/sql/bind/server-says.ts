import pg from 'pg';
import type { Postgres } from '../../support/postgres.js';
import { searchPath } from './schema.js';

/** What PostgreSQL makes of a statement. */
export interface ServerSays {
  /** `schema.relation` and `schema.relation.column` of all that it names or reads or sets. */
  readonly columns: readonly string[];
  readonly functions: readonly number[];
  readonly operators: readonly number[];
  /** Functions that casts call. */
  readonly casts: readonly number[];
}

export interface ServerError {
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** Characters, from 1. */
  readonly place?: number | undefined;
}

export interface OutputField {
  readonly name: string;
  readonly type: number;
  readonly table: number;
  readonly attnum: number;
}

/** A session that asks a server what it understands, and leaves nothing behind. */
export class Oracle {
  private constructor(private readonly client: pg.Client) {}

  static async open(server: Postgres): Promise<Oracle> {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(`set search_path = ${searchPath.join(', ')}`);
    return new Oracle(client);
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  /** Makes the statement a function's body: its dependencies are the columns, its tree holds what it calls. */
  understand(sql: string, parameters: readonly string[] = []): Promise<ServerSays | ServerError> {
    return this.undone(async () => {
      const list = parameters.join(', ');
      await this.client.query(`create procedure public.asked(${list}) begin atomic ${sql}; end`);
      const { rows } = await this.client.query<{ tree: string }>(
        `select prosqlbody::text as tree from pg_proc where oid = 'public.asked'::regproc`,
      );
      const tree = rows[0]?.tree ?? '';
      const casts = [...tree.matchAll(/\{FUNCEXPR :funcid (\d+) .*?:funcformat ([0-3])/g)];
      const isCall = (format: string | undefined) => format === '0' || format === '3';
      return {
        columns: await this.dependencies(),
        functions: unique([
          ...casts.filter(([, , format]) => isCall(format)).map(([, id]) => Number(id)),
          ...numbersOf(tree, /:(?:aggfnoid|winfnoid) (\d+)/g),
        ]),
        operators: unique([
          ...numbersOf(tree, /\{(?:OPEXPR|SCALARARRAYOPEXPR|DISTINCTEXPR|NULLIFEXPR) :opno (\d+)/g),
          ...[...tree.matchAll(/:opnos \(o ([\d ]+)\)/g)].flatMap(([, list]) => (list ?? '').split(' ').map(Number)),
        ]),
        casts: unique(casts.filter(([, , format]) => !isCall(format)).map(([, id]) => Number(id))),
      };
    });
  }

  private async dependencies(): Promise<string[]> {
    const { rows } = await this.client.query<{ name: string }>(
      `select distinct n.nspname || '.' || c.relname || coalesce('.' || a.attname, '') as name
       from pg_depend d join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace
       left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid and a.attnum <> 0
       where d.classid = 'pg_proc'::regclass and d.objid = 'public.asked'::regproc
         and d.refclassid = 'pg_class'::regclass and c.relkind <> 'c'`,
    );
    return rows.map(({ name }) => name).sort();
  }

  /** What RowDescription says of the statement's rows. */
  describe(sql: string): Promise<readonly OutputField[] | ServerError> {
    return this.undone(async () => {
      const { fields } = await this.client.query({ text: sql, rowMode: 'array' });
      return fields.map(({ name, dataTypeID, tableID, columnID }) => ({
        name,
        type: dataTypeID,
        table: tableID,
        attnum: columnID,
      }));
    });
  }

  /** Types of $1, $2, ... */
  async parameters(sql: string): Promise<number[]> {
    await this.client.query(`prepare asked as ${sql}`);
    const { rows } = await this.client.query<{ types: number[] }>(
      `select parameter_types::oid[] as types from pg_prepared_statements where name = 'asked'`,
    );
    await this.client.query('deallocate asked');
    return (rows[0]?.types ?? []).map(Number);
  }

  /** What is in the way of running a statement: null, or the server's error. */
  attempt(sql: string): Promise<ServerError | null> {
    return this.undone(async () => {
      await this.client.query(sql);
      return null;
    });
  }

  private async undone<T>(body: () => Promise<T>): Promise<T | ServerError> {
    await this.client.query('begin');
    try {
      return await body();
    } catch (error) {
      const { code, message, detail, hint, position } = error as pg.DatabaseError;
      if (code === undefined) throw error;
      return { sqlstate: code, message, detail, hint, place: position === undefined ? undefined : Number(position) };
    } finally {
      await this.client.query('rollback');
    }
  }
}

function numbersOf(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map(([, id]) => Number(id));
}

export function unique(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
