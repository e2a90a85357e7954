import t from 'tap';
import {
  isSearchPathOpen,
  narrowsSearchPath,
  policedSearchPath,
  quoteName,
  splitSearchPath,
} from '../../../src/policy/settings/search-path.js';
import { startPostgres } from '../../support/postgres.js';

t.test('a policed session lives with what it asked for, less $user', async (t) => {
  const expected: Readonly<Record<string, readonly [readonly string[], string]>> = {
    public: [['public'], 'public'],
    '"$user", public': [['public'], 'public'],
    'App, "My Schema"': [['app', 'My Schema'], 'app, "My Schema"'],
    'pg_catalog, app': [['app'], 'app'],
    '': [[], ''],
    '""': [[], ''],
  };
  t.same(policedSearchPath(undefined), { schemas: ['public'], value: 'public' });
  for (const [asked, [schemas, value]] of Object.entries(expected))
    t.same(policedSearchPath(asked), { schemas, value }, asked);
});

t.test('a path that leads into schemas of the system is refused', async (t) => {
  for (const asked of [
    'public, pg_catalog',
    'pg_temp',
    'pg_temp, public',
    'pg_toast',
    'a b',
    '"a',
    'a,,b',
    ',',
    `${'x'.repeat(64)}`,
  ]) {
    t.match(policedSearchPath(asked), { refusal: /search_path/ }, asked);
  }
});

t.test('a session may set any path that does not put schemas of the system behind others', async (t) => {
  for (const value of ['app', 'public, other', '', '""', 'pg_catalog, app', '"App"', '"$user", app', '"app, public"'])
    t.equal(isSearchPathOpen(value), true, value);
  for (const value of ['app, pg_catalog', 'pg_temp, app', 'pg_toast', 'app public', 'a,,b', '"a'])
    t.equal(isSearchPathOpen(value), false, value);
});

t.test('where no catalog is known a session may only leave schemas out', async (t) => {
  const isAllowed = (value: string) => narrowsSearchPath(value, ['app', 'public']);
  for (const value of ['app', 'public, app', '', '""', 'pg_catalog, app', '"app"', 'APP'])
    t.equal(isAllowed(value), true, value);
  for (const value of ['other', 'app, other', '"App"', '"$user", app', 'app, pg_catalog', 'pg_temp, app', 'a b'])
    t.equal(isAllowed(value), false, value);
});

t.test('a list splits as the server splits it', async (t) => {
  const postgres = await startPostgres();
  t.teardown(() => postgres.stop());
  await postgres.query('create schema a; create schema "B c"; create schema "d""e"; create schema "f,g"');
  for (const value of ['A, "B c"', '"d""e","f,g"', ' a , public ', 'public']) {
    const [row] = await postgres.query(
      `select set_config('search_path', '${value}', false); select current_schemas(false)::text[] as found`,
    );
    t.same(splitSearchPath(value), row?.found, value);
  }
});

t.test('names are quoted where they need it', async (t) => {
  t.same(['a_1', 'A', 'a b', 'a"b', '1a', ''].map(quoteName), ['a_1', '"A"', '"a b"', '"a""b"', '"1a"', '""']);
});
