import t from 'tap';
import {
  isReadableByAll,
  isSurelySystem,
  isSystemSchema,
  whyRuleIsNeeded,
} from '../../../src/policy/catalogs/system-relations.js';
import { kinds } from '../../support/catalog.js';
import { startPostgres } from '../../support/postgres.js';

const postgres = await startPostgres();
t.teardown(() => postgres.stop());

t.test('every relation of a server was looked at, and none is taken for a table of the user', async (t) => {
  const rows = await postgres.query(
    "select relname as name from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v')",
  );
  for (const { name } of rows) {
    const isOld = !/^pg_(parameter_acl|publication_namespace)$/.test(String(name));
    if (isReadableByAll('pg_catalog', String(name)) && isOld) t.ok(isSurelySystem(String(name)), String(name));
    t.match(name, /^pg_/, 'so that no other bare name can be one of the system');
  }
  const readable = rows.filter(({ name }) => isReadableByAll('pg_catalog', String(name)));
  t.ok(
    readable.length > 50 && readable.length < rows.length / 1.5,
    `${readable.length} of ${rows.length} are readable`,
  );
});

t.test('every system relation is on a list, on each of the servers that there are', async (t) => {
  for (const kind of kinds) {
    const server = await startPostgres({ kind });
    const rows =
      await server.query(`select relnamespace::regnamespace::text as schema, relname::text as name from pg_class
      where relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) and relkind in ('r', 'v')`);
    await server.stop();
    const reasons = rows.map(({ schema, name }) => [schema, name, whyRuleIsNeeded(String(schema), String(name))]);
    t.same(
      reasons.filter(([, , why]) => why === 'it is on no list'),
      [],
      `${server.version}: say in system-relations.ts what they show`,
    );
  }
  t.equal(whyRuleIsNeeded('pg_catalog', 'pg_authid'), 'password verifiers');
  t.equal(whyRuleIsNeeded('pg_catalog', 'pg_class'), null);
  t.equal(whyRuleIsNeeded('information_schema', 'something_new'), 'it is on no list');
});

t.test('no readable relation shows values, verifiers, statements or paths', async (t) => {
  const columns = await postgres.query(`
    select c.relname as name, string_agg(a.attname, ' ') as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and attnum > 0
    where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v') group by 1`);
  for (const { name, columns: list } of columns) {
    if (!isReadableByAll('pg_catalog', String(name))) continue;
    // pg_user and pg_roles show ********, pg_sequence the definition.
    const telling = String(list).match(
      /\b(query|client_addr|stavalues\w*|most_common_\w+|histogram_\w+|srvoptions|subconninfo|last_value|rolpassword|passwd)\b/g,
    );
    t.same(
      (telling ?? []).filter((column) => !/^(rolpassword|passwd)$/.test(column)),
      [],
      String(name),
    );
  }
  const [row] = await postgres.query('select bool_and(passwd = $$********$$) as hidden from pg_user');
  t.equal(row?.hidden, true);
});

t.test('system schemas are those that no wildcard matches', async (t) => {
  t.same(
    ['pg_catalog', 'pg_toast', 'pg_temp', 'pg_temp_3', 'information_schema'].map(isSystemSchema),
    Array(5).fill(true),
  );
  t.same(['public', 'pg', 'information', 'Pg_catalog'].map(isSystemSchema), Array(4).fill(false));
});
