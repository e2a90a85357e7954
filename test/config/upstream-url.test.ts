import fc from 'fast-check';
import t from 'tap';
import type { UpstreamAddress } from '../../src/config/config.js';
import { parseUpstreamUrl } from '../../src/config/upstream-url.js';

const address: UpstreamAddress = {
  host: 'db',
  port: 5432,
  socketPath: null,
  user: 'app',
  password: null,
  database: 'sales',
  applicationName: null,
  sslmode: 'prefer',
  sslrootcert: null,
  sslcert: null,
  sslkey: null,
  channelBinding: 'prefer',
};

function problemOf(url: string): string {
  const parsed = parseUpstreamUrl(url);
  return parsed.ok ? 'none' : parsed.problem;
}

const urls: Readonly<Record<string, Partial<UpstreamAddress>>> = {
  'postgres://app@db/sales': {},
  'postgresql://app@db/sales': {},
  'postgres://app@db:6000/sales': { port: 6000 },
  'postgres://app:secret@db/sales': { password: 'secret' },
  'postgres://app:@db/sales': {},
  'postgres://a%40b:%2F%3A%40%3F%23%25@db/sales': { user: 'a@b', password: '/:@?#%' },
  'postgres://app:a:b#c@db/sales': { password: 'a:b#c' },
  'postgres://app:p+w@db/sales': { password: 'p+w' },
  'postgres://app:gr%C3%BC%C3%9Fe@db/sales': { password: 'grüße' },
  'postgres://db/sales': { user: null },
  'postgres://db': { user: null, database: '*' },
  'postgres://app@db/': { database: '*' },
  'postgres://app@db/*': { database: '*' },
  'postgres://app@db/a/b': { database: 'a/b' },
  'postgres://app@db/sa%20les': { database: 'sa les' },
  'postgres://app@127.0.0.1/sales': { host: '127.0.0.1' },
  'postgres://app@[::1]/sales': { host: '::1' },
  'postgres://app@[fd00::7]:6000/sales': { host: 'fd00::7', port: 6000 },
  'postgres://app@db/sales?': {},
  'postgres://app@db?sslmode=require': { database: '*', sslmode: 'require' },
  'postgres://app@db/sales?sslmode=verify-full&sslrootcert=certs/ca.crt': {
    sslmode: 'verify-full',
    sslrootcert: 'certs/ca.crt',
  },
  'postgres://app@db/sales?sslrootcert=system': { sslmode: 'verify-full', sslrootcert: 'system' },
  'postgres://app@db/sales?ssl=true': { sslmode: 'require' },
  'postgres://app@db/sales?sslcert=a.crt&sslkey=a.key': { sslcert: 'a.crt', sslkey: 'a.key' },
  'postgres://app@db/sales?sslmode=require&channel_binding=require': { sslmode: 'require', channelBinding: 'require' },
  'postgres://app@db/sales?application_name=my%20app': { applicationName: 'my app' },
  'postgres://app@db/sales?gssencmode=disable': {},
  'postgres:///sales?host=db&port=6000&user=app&password=x%26y': { port: 6000, password: 'x&y' },
  'postgres://app@db/sales?dbname=other': { database: 'other' },
  'postgres://app@/sales?host=/run/postgresql': { host: 'localhost', socketPath: '/run/postgresql/.s.PGSQL.5432' },
  'postgres://app@%2Fvar%2Frun/sales?port=6000': {
    host: 'localhost',
    port: 6000,
    socketPath: '/var/run/.s.PGSQL.6000',
  },
};

for (const [url, differing] of Object.entries(urls)) {
  t.test(`${url} is read as libpq reads it`, async (t) => {
    t.same(parseUpstreamUrl(url), { ok: true, address: { ...address, ...differing } });
  });
}

const wrong: Readonly<Record<string, RegExp>> = {
  '': /does not begin with postgres:\/\//,
  'mysql://app@db/sales': /does not begin with postgres:\/\//,
  'host=db user=app': /does not begin with postgres:\/\//,
  ' postgres://app@db/sales': /does not begin with postgres:\/\//,
  'postgres://': /names no host/,
  'postgres:///sales': /names no host/,
  'postgres://app@/sales': /names no host/,
  'postgres://app@db:0/sales': /port is not a number/,
  'postgres://app@db:65536/sales': /port is not a number/,
  'postgres://app@db:x/sales': /port is not a number/,
  'postgres://app@db:-1/sales': /port is not a number/,
  'postgres://app@::1/sales': /needs brackets/,
  'postgres://app@[::1/sales': /brackets around the IPv6 address/,
  'postgres://app@[::1]x/sales': /brackets around the IPv6 address/,
  'postgres://app@a,b/sales': /more than one host/,
  'postgres://app:p@ss@db/sales': /as %40/,
  'postgres://app:p/w@db/sales': /%2F/,
  'postgres://app:100%@db/sales': /%25/,
  'postgres://app:%ff@db/sales': /hex digits of UTF-8/,
  'postgres://app%00@db/sales': /%00/,
  'postgres://:secret@db/sales': /a password but no user/,
  'postgres://app@@abstract/sales': /as %40/,
  'postgres://app@%40abstract/sales': /abstract sockets/,
  'postgres://app@a%20b/sales': /cannot be a host/,
  'postgres://app@db/sales?sslmode=on': /sslmode is not one that is known; write one of disable, allow/,
  'postgres://app@db/sales?sslmod=require': /did you mean sslmode/,
  'postgres://app@db/sales?sslmode': /has no "="/,
  'postgres://app@db/sales?schema=public': /not known; known are host, port/,
  'postgres://app@db/sales?options=-csearch_path%3Dx': /options are not passed on/,
  'postgres://app@db/sales?connect_timeout=10': /acquireTimeoutMs/,
  'postgres://app@db/sales?target_session_attrs=read-write': /leave target_session_attrs out/,
  'postgres://app@db/sales?__proto__=x': /not known/,
  'postgres://app@db/sales?sslrootcert=system&sslmode=require': /sslmode=verify-full/,
  'postgres://app@db/sales?sslcert=a.crt': /belong together/,
  'postgres://app@db/sales?sslmode=disable&channel_binding=require': /needs TLS/,
  'postgres://app@/sales?host=/run&channel_binding=require': /needs TLS/,
  'postgres://app@db/sales?channel_binding=maybe': /channel_binding is not one that is known/,
  'postgres://app@db/sales?gssencmode=require': /GSS encryption is not supported/,
  'postgres://app@db/sales?ssl=on': /ssl can only be true/,
};

for (const [url, words] of Object.entries(wrong)) {
  t.test(`${JSON.stringify(url)} is refused with what to do about it`, async (t) => {
    t.match(problemOf(url), words);
    t.match(problemOf(url), /; /);
  });
}

t.test('no part of a mistyped URL is quoted, since any may be its password', async () => {
  const secret = 'Tr0ub4dor';
  const piece = fc.constantFrom('postgres://', 'app', ':', '@', '/', '?', '&', '=', '[', ']', ',', '%', 'db', secret);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parsed = parseUpstreamUrl(['postgres://', ...pieces].join(''));
      return parsed.ok || !parsed.problem.includes(secret);
    }),
    { numRuns: 5000 },
  );
});

t.test('what was percent-encoded comes out as it was', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !value.includes('\0'));
  fc.assert(
    fc.property(text, text, text, (user, password, database) => {
      const [u, p, d] = [user, password, database].map(encodeURIComponent);
      const parsed = parseUpstreamUrl(`postgres://${u}:${p}@db/${d}`);
      if (!parsed.ok) return false;
      const { address: read } = parsed;
      return read.user === user && read.password === password && read.database === database;
    }),
  );
});
