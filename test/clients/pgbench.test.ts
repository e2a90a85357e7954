import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { findPostgres } from '../support/postgres-binaries.js';
import { findTool, run, runOrThrow } from '../support/process.js';
import { sameThreeWays, type Way, without } from '../support/three-ways.js';

const pgbench = findTool('pgbench', [findPostgres().folder]);
const skip = without({ pgbench });
const command = pgbench ?? '';
const clients = 8;
const transactions = 50;

/** The lines of pgbench's report that don't depend on how fast it was. */
async function bench(way: Way, args: string[]) {
  const load = ['-n', '-c', String(clients), '-j', '2', '-t', String(transactions)];
  const { code, stdout, stderr } = await run(command, [...load, ...args], { env: way.env });
  const lines = stdout.split('\n').filter((line) => /^(query mode|number of (clients|transactions|failed))/.test(line));
  return { code, lines, complaints: stderr.split('\n').filter((line) => /error|fatal|abort/i.test(line)) };
}

/** The four tables are only changed together: their sums stay equal. */
async function sums(way: Way): Promise<unknown> {
  const sum = (column: string, table: string) => `(select sum(${column}) from pgbench_${table}) as ${table}`;
  const balances = [sum('abalance', 'accounts'), sum('bbalance', 'branches'), sum('tbalance', 'tellers')];
  const sql = `select ${balances.join(', ')}, ${sum('delta', 'history')}, (select count(*) from pgbench_history) as done`;
  const [row = {}] = await way.server.query(sql, way.database);
  const { done, ...totals } = row;
  return { done, isBalanced: new Set(Object.values(totals)).size === 1 };
}

for (const mode of ['simple', 'extended', 'prepared']) {
  t.test(`pgbench in ${mode} mode does all its transactions and its tables balance`, { skip }, async (t) => {
    await sameThreeWays(t, async (way) => {
      await runOrThrow(command, ['-i', '-q', '-s', '2'], { env: way.env });
      const mixed = await bench(way, ['-M', mode]);
      const reading = await bench(way, ['-M', mode, '-S']);
      const reconnecting = await bench(way, ['-M', mode, '-S', '-C', '-t', '5']);
      return [mixed, reading, reconnecting, await sums(way)];
    });
  });
}

t.test('pgbench pipelines its statements', { skip }, async (t) => {
  await sameThreeWays(t, async (way) => {
    const script = path.join(way.folder, 'pipeline.sql');
    const lines = [
      '\\set id random(1, 1000)',
      '\\startpipeline',
      'begin;',
      'select * from generate_series(1, 50);',
      'insert into seen values (:id);',
      'select count(*) from seen where id = :id;',
      'commit;',
      'select 1;',
      '\\endpipeline',
    ];
    writeFileSync(script, `${lines.join('\n')}\n`);
    await way.server.query(`create table seen (id int); alter table seen owner to ${way.user}`, way.database);
    const results = [
      await bench(way, ['-M', 'extended', '-f', script]),
      await bench(way, ['-M', 'prepared', '-f', script]),
    ];
    return [results, await way.server.query('select count(*) from seen', way.database)];
  });
});
