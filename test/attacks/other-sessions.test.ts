// What one client leaves behind must not hinder the next one on the same upstream.
import t from 'tap';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { hasPostgres } from '../support/postgres-binaries.js';
import { errorFields } from '../support/raw-messages.js';

const policy = `version: 1
rules: [{ name: notes, tables: [public.notes], actions: [select, update] }]
`;

const kinds = (['machine', 'embedded'] as const).filter(hasPostgres);
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
        const error = messages.find(({ type }) => type === 'E');
        t.equal(error && errorFields(error.body).M, undefined, `${sql} after ${text}`);
      }
      await honest.destroy();
    }
  });
}
