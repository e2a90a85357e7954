import t from 'tap';
import { inFrontOfUrl } from '../../src/quickstart/in-front-of-url.js';

const options = { listen: { port: 0 }, adminPort: 0 };
const listening = { host: '127.0.0.1', port: 7000 };

t.test('clients come in as the URL’s user with its password, which isn’t shown', async (t) => {
  const { config, guide } = await inFrontOfUrl('postgres://app:s3cret@db.example.com/sales', options);
  t.match(config.users.get('app'), { name: 'app', secret: 's3cret' });
  t.same([...(config.tenants.get('default')?.databases.keys() ?? [])], ['sales', '*']);
  const text = guide(listening);
  t.match(text, 'psql postgres://app@127.0.0.1:7000/sales\n');
  t.match(text, 'in front of db.example.com:5432');
  t.notMatch(text, 's3cret');
});

t.test('a server that asks for no password isn’t opened to everybody: clients get one for this run', async (t) => {
  const { config, guide } = await inFrontOfUrl('postgres://app@/sales?host=/run/postgresql', options);
  const secret = config.users.get('app')?.secret ?? '';
  t.ok(secret.length >= 20);
  t.match(guide(listening), `psql postgres://app:${secret}@127.0.0.1:7000/sales\n`);
  t.match(guide(listening), 'in front of /run/postgresql/.s.PGSQL.5432');
  t.equal(config.tenants.get('default')?.databases.get('sales')?.upstream.password, null, 'the server isn’t sent it');
  const again = await inFrontOfUrl('postgres://app@/sales?host=/run/postgresql', options);
  t.not(again.config.users.get('app')?.secret, secret);
});

t.test('names that need it are encoded, so that the URL can be pasted', async (t) => {
  const { guide } = await inFrontOfUrl('postgres://a%40b:x@db/my%20data', options);
  t.match(guide(listening), 'psql postgres://a%40b@127.0.0.1:7000/my%20data\n');
});

t.test('a URL without a database leads to the one called like the user', async (t) => {
  const { guide } = await inFrontOfUrl('postgres://app:x@db', options);
  t.match(guide(listening), 'psql postgres://app@127.0.0.1:7000/app\n');
});

t.test('a URL that can’t be used is refused without being quoted', async (t) => {
  const cases = [
    ['postgres://db.example.com/sales', /DATABASE_URL names no user/],
    ['mysql://app:s3cret@db/sales', /DATABASE_URL: .*does not begin with postgres/],
    ['postgres://app:s3cret@db/sales?sslmode=sometimes', /DATABASE_URL: .*sslmode/],
  ] as const;
  for (const [url, message] of cases) {
    const error = await inFrontOfUrl(url, options).then(
      () => new Error('it was taken'),
      (reason: Error) => reason,
    );
    t.match(error, { code: 'configInvalid', message });
    t.notMatch(error.message, 's3cret');
  }
});
