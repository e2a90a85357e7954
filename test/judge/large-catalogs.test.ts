import t from 'tap';
import { CatalogSession } from '../../src/catalog/load-catalog.js';
import { bare, JudgeThreads } from '../../src/judge/judge-threads.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { openLoader } from '../support/catalog.js';
import { startPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const relations = 5_000;
const deadlineMs = 400;

t.test('looking at all that a catalog holds takes nothing from the time that a text has', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.query('create schema wide');
  await server.query(`do $$ begin for n in 1..50 loop
    execute format('create table wide.t_%s (id int, name text, n int, hidden int)', n); end loop; end $$`);
  const loader = await openLoader(server.url);
  t.teardown(() => loader.close());
  const { sections, ...about } = await (await CatalogSession.open(loader)).load();
  // Each of them many times over: the server would take minutes for so many.
  const times = (section: 'relations' | 'columns') => {
    const facts = JSON.parse(sections[section]) as [number, ...unknown[]][];
    const copies = Array.from({ length: relations / 50 }, (_, copy) =>
      facts.filter(([oid]) => oid >= 16384).map(([oid, ...fact]) => [oid + copy * 1_000_000, ...renamed(fact, copy)]),
    );
    return JSON.stringify([...facts.filter(([oid]) => oid < 16384), ...copies.flat()]);
  };
  const catalog = {
    ...about,
    version: 1,
    sections: { ...sections, relations: times('relations'), columns: times('columns') },
  };
  const policy = `
version: 1
rules:
  - { name: wide, tables: [wide.*], actions: [select], rows: "n > 0", columns: { hide: [hidden], mask: { name: "'x'" } } }
catalog: filtered
`;
  const threads = new JudgeThreads({ deadlineMs });
  t.teardown(() => threads.close());
  threads.tell({ kind: 'policies', key: 'p', policies: loadPolicies([{ file: 'policy.yaml', text: policy }]) });
  threads.tell({ kind: 'catalog', key: 'c', catalog });
  await threads.warm();
  const question = { ...bare, text: 'select count(*) from pg_class', policies: 'p', catalog: 'c' };
  const started = performance.now();
  let answer = await threads.ask(question, 'a');
  t.comment(`${relations} relations were looked at in ${Math.round(performance.now() - started)} ms`);
  // On a busy machine the rest may take longer than it should, and the thread begins anew.
  await until('it is judged', async () => {
    if (!answer.ok) answer = await threads.ask(question, 'a');
    return answer.ok;
  });
  t.match(answer, { ok: true, refusal: null, relations: [{ name: 'pg_class' }] });
});

function renamed(fact: unknown[], copy: number): unknown[] {
  return fact.map((each, at) => (at === 1 && typeof each === 'string' && copy > 0 ? `${each}_${copy}` : each));
}
