import { parseArgs } from 'node:util';

export interface BenchOptions {
  isQuick: boolean;
  /** Only rows whose names contain one of these. Empty: all. */
  only: string[];
  /** A further place for the results, beside bench/results/. */
  json: string | null;
  /** What the policy costs is the difference. */
  isPoliced: boolean;
}

export const usage = `npm run bench -- [--quick] [--only ROW]... [--json FILE] [--without-policy]

  --quick      fewer and shorter rounds: a look in under two minutes, not a number to quote
  --only ROW   only rows whose names contain ROW; may be given several times
  --json FILE  write the results there as well as to bench/results/
  --without-policy  pgturnstile as a plain pool, to see what the policy costs

PGBOUNCER=path names the PgBouncer to compare with; left out: the one on the PATH.`;

/** Throws a TypeError in the words of `parseArgs` for what it doesn't know. Null: help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      'without-policy': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  return { isQuick: values.quick, only: values.only, json: values.json ?? null, isPoliced: !values['without-policy'] };
}
