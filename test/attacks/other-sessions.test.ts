// What one client leaves behind must not hinder the next one on the same upstream.
import t from 'tap';
import { errorIn } from '../support/ask.js';
import { kinds } from '../support/catalog.js';
import { daemonWith } from '../support/in-process-daemon.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';

const policy = `version: 1
rules: [{ name: notes, tables: [public.notes], actions: [select, update] }]
`;

for (const kind of kinds) {
  t.test(`a setting that ends with its transaction is nothing that the next client meets (${kind})`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query('create table notes (id int); insert into notes values (1)');
    const daemon = await policedDaemon(t, server, policy);
    const texts = [
      'set transaction_read_only = on',
      "set session transaction_isolation = 'serializable'",
      "select set_config('transaction_read_only', 'on', false)",
    ];
    for (const text of texts) {
      const mallory = await clientOn(t, server, daemon, 'public');
      t.notMatch((await mallory.ask(text)).types, 'E', text);
      await mallory.destroy();
      const honest = await clientOn(t, server, daemon, 'public');
      for (const sql of ["set work_mem = '5MB'", 'update notes set id = 1', 'reset all', 'update notes set id = 1']) {
        const { messages } = await honest.ask(sql);
        t.equal(errorIn({ messages })?.M, undefined, `${sql} after ${text}`);
      }
      await honest.destroy();
    }
  });
}

const triggered = `version: 1
rules:
  - { name: tasks, tables: [public.tasks], actions: [select, update], columns: { hide: [secret] } }
  - { name: depts, tables: [public.depts], actions: [select, update] }
  - { name: partly, tables: [public.partly], actions: [select, insert] }
statements: { allow: [transaction, set, prepare, temp] }
`;
const tables = `
  create table depts (id int primary key); create table tasks (id int primary key, dept int references depts on update cascade, secret text);
  create table partly (id int) partition by range (id); create table part partition of partly for values from (0) to (10);
  insert into depts values (1); insert into tasks values (1, 1, 'canary');
  create function keep() returns trigger language plpgsql as $$ begin
    create temp table if not exists kept (row text); insert into kept select 'canary'; set work_mem = '7MB'; return new; end $$;
  create trigger keeps before update on tasks for each row execute function keep();
  create trigger keeps before insert on part for each row execute function keep()`;

for (const kind of kinds) {
  t.test(`nor does it meet what a trigger has kept for the one before (${kind})`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(tables);
    const daemon = await daemonWith(
      t,
      `users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { databases: { postgres: { url: '${server.url}', pool: { size: 1 } } }, policies: [policy.yaml] } }`,
      { 'policy.yaml': triggered },
    );
    for (const write of [
      ['update tasks set id = 1'],
      ['begin', 'update tasks set dept = dept', 'commit'],
      ['update depts set id = id + 1'],
      ['insert into partly values (1)'],
      ['prepare p as update tasks set id = 1', 'execute p'],
    ]) {
      const before = await clientOn(t, server, daemon, 'public');
      for (const text of write) t.notMatch((await before.ask(text)).types, 'E', text);
      await before.destroy();
      const next = await clientOn(t, server, daemon, 'public');
      t.notMatch(String((await next.ask('show work_mem')).messages.map(({ body }) => body)), '7MB', write.join('; '));
      for (const text of ['begin', 'update tasks set id = 1']) await next.ask(text);
      t.equal((await next.ask('select * from kept')).types, 'TDCZ', write.join('; '));
      await next.destroy();
    }
  });
}
