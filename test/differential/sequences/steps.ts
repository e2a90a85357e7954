import { bind, describe, execute, parse, query } from '../../support/raw-messages.js';
import { type Sequence, type Step, send, until } from '../sequence.js';

export const sequence = (name: string, ...steps: Step[]): Sequence => ({ name, steps });
/** All is sent before a reply is read. */
export const inOneWrite = (name: string, ...frames: Buffer[]): Sequence => sequence(name, send(...frames));
export const run = (sql: string) => [send(query(sql)), until('Z')] as const;
/** Parse, Bind, Describe, Execute of the unnamed statement. */
export const extended = (sql: string, values: readonly (string | null)[] = []) =>
  Buffer.concat([parse(sql), bind({ values }), describe('P'), execute()]);
export const many = (count: number, make: (at: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, at) => make(at)));
export const int4 = 23;
export const text = 25;
