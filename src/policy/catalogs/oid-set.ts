/** Where two oids are as far apart, naming the second costs less than the bits between them. */
const gapMax = 400;
/** More runs than this are looked through one by one for too long. */
const runsMax = 24;
/** Characters of bits that are sent for an oid, on the average: of a list it has half as many. */
const charsMax = 16;

interface Run {
  readonly first: number;
  last: number;
  readonly oids: number[];
}

/**
 * A condition in SQL, true for these oids. What was made together has oids that lie together: a bit for each of a run is
 * short to send and to plan, and nothing has to be built before the first is looked at, as the server does it for a list.
 * @param oid an expression of type oid, without side effects: it is there several times
 */
export function isOneOf(oid: string, oids: Iterable<number>): string {
  const sorted = [...oids].sort((a, b) => a - b);
  const runs = runsOf(sorted);
  if (runs.length === 0) return 'false';
  const chars = runs.reduce((sum, { first, last }) => sum + (last - first) / 4, 0);
  const isWide = runs.length > runsMax || chars > charsMax * sorted.length;
  if (sorted.length < 8 || isWide) return isListed(oid, sorted, 'oid');
  const arms = runs.map(
    (run) => `WHEN ${oid} < ${run.first} THEN false WHEN ${oid} <= ${run.last} THEN ${bitOf(oid, run)}`,
  );
  return `CASE ${arms.join(' ')} ELSE false END`;
}

/** In a CASE, where the planner doesn't ask its statistics about each of them. */
export function isListed(value: string, listed: readonly number[], type: 'oid' | 'int8'): string {
  return `CASE WHEN ${value} = ANY ('{${listed.join()}}'::pg_catalog.${type}[]) THEN true ELSE false END`;
}

function runsOf(sorted: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const oid of sorted) {
    const run = runs.at(-1);
    if (run === undefined || oid - run.last > gapMax) runs.push({ first: oid, last: oid, oids: [oid] });
    else {
      run.oids.push(oid);
      run.last = oid;
    }
  }
  return runs;
}

/** PG 9.5: get_bit counts from the lowest bit of the first byte. */
function bitOf(oid: string, { first, last, oids }: Run): string {
  const bits = Buffer.alloc(((last - first) >> 3) + 1);
  for (const each of oids) bits[(each - first) >> 3] = (bits[(each - first) >> 3] ?? 0) | (1 << ((each - first) & 7));
  const at = `(${oid}::pg_catalog.int8 - ${first}::pg_catalog.int8)::pg_catalog.int4`;
  return `pg_catalog.get_bit(pg_catalog.decode('${bits.toString('hex')}', 'hex'), ${at}) = 1`;
}
