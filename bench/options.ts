import { parseArgs } from 'node:util';

export interface BenchOptions {
  isQuick: boolean;
  /** Throughput and latency over the number of clients, in the place of the rows. */
  isCurve: boolean;
  /** Only rows whose names contain one of these. Empty: all. */
  only: string[];
  /** The folder of the report; null: a new one in bench/results/. */
  report: string | null;
  /** False: pgturnstile runs as a plain pool, so that the difference shows what the policy costs. */
  isPoliced: boolean;
}

export const usage = `npm run bench -- [--quick] [--curve] [--only ROW]... [--report FOLDER] [--without-policy]

  --quick           fewer and shorter rounds: a look in under two minutes, not a number to quote
  --curve           throughput and p99 at 1, 8, 64, 256 and 1,000 clients, in the place of the rows
  --only ROW        only rows whose names contain ROW; may be given several times
  --report FOLDER   where report.md, the chart and results.json go; left out: a new folder in bench/results/
  --without-policy  pgturnstile as a plain pool

PGBOUNCER=path names the PgBouncer to compare with; left out: the one on the PATH.`;

/** Throws a TypeError in the words of `parseArgs` for what it doesn't know. Null: help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      curve: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      report: { type: 'string' },
      'without-policy': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { help, quick: isQuick, curve: isCurve, only, report = null } = values;
  if (isCurve && only.length > 0) throw new TypeError('the curve has no rows to choose from');
  return help ? null : { isQuick, isCurve, only, report, isPoliced: !values['without-policy'] };
}

export interface ProfileOptions {
  /** A part of the row's name. */
  row: string;
  seconds: number;
  isPoliced: boolean;
}

export const profileUsage = `npm run profile -- [ROW] [--seconds 4] [--without-policy]

  ROW               the row whose name contains ROW; left out: 64 clients, prepared
  --seconds N       how long each of the two profilers runs
  --without-policy  pgturnstile as a plain pool`;

/** Throws a TypeError for what it doesn't know. Null: help was asked for. */
export function readProfileOptions(args: readonly string[]): ProfileOptions | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '4' },
      'without-policy': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new TypeError(`--seconds takes a number, not "${values.seconds}"`);
  if (positionals.length > 1) throw new TypeError('only one row can be profiled: quote a name with spaces');
  const [row = '64 clients, prepared'] = positionals;
  return values.help ? null : { row, seconds, isPoliced: !values['without-policy'] };
}
