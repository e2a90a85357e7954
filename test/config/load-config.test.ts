// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like template strings
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { Config, DatabaseConfig } from '../../src/config/config.js';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig, parseConfig } from '../../src/config/load-config.js';

const directory = '/etc/pgturnstile';
const file = `${directory}/pgturnstile.yaml`;
const env = { SALES_PASSWORD: 'p4ss', TOKEN: 't0ken', PORT: '7000', NUMBER: '0123' };

const parse = (text: string): Config => parseConfig(text, file, env);

/** What is said of a text that can't be used, with the place in short. */
function complaints(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(`${file}:`, ''));
  }
  return [];
}

const url = 'url: postgres://app@db/sales';
const databaseOf = (keys: string, policies = ''): DatabaseConfig => {
  const config = parse(`tenants: { default: { ${policies} databases: { sales: { ${keys} } } } }`);
  const database = config.tenants.get('default')?.databases.get('sales');
  if (database === undefined) throw new Error('no database');
  return database;
};

t.test('an empty file is the defaults', async (t) => {
  const config = parse('');
  t.match(config, { file, directory, auth: { rules: [] } });
  t.same(config.listen, {
    host: '127.0.0.1',
    port: 6432,
    socketDir: null,
    tls: { mode: 'off', cert: null, key: null, clientCa: null },
    maxClients: 10000,
    startupTimeoutMs: 15000,
    workers: 1,
  });
  t.same(config.admin, { host: '127.0.0.1', port: 6433, token: null });
  t.same(config.audit, {
    ...{ file: `${directory}/audit.jsonl`, rotateBytes: 104857600, keep: 14, keepDays: 0 },
    ...{ fsync: 'never', chain: false, chainKey: null, statements: 'shape' },
  });
  t.same(config.log, { level: 'info', pretty: 'auto' });
  t.same([...config.tenants.keys()], ['default']);
  t.equal(config.users.size, 0);
});

t.test('workers are a number, or as many as there are cores', async (t) => {
  t.equal(parse('listen: { workers: 3 }').listen.workers, 3);
  t.equal(parse('listen: { workers: auto }').listen.workers, availableParallelism());
});

t.test('a database has the defaults of pool and breaker', async (t) => {
  const database = databaseOf(url);
  t.same(database.pool, {
    mode: 'auto',
    size: 20,
    min: 0,
    reserve: 5,
    reserveAfterMs: 5000,
    acquireTimeoutMs: 60000,
    idleTimeoutMs: 600000,
    lifetimeMs: 3600000,
    rescueMs: 50,
    ignoreApplicationName: false,
  });
  t.same(database.breaker, { errorThresholdPercent: 50, minimumRequests: 10, windowMs: 10000, resetAfterMs: 5000 });
  t.match(database, { name: 'sales', backend: 'postgres', control: null, replication: 'refuse' });
});

t.test('only a tenant with policies has limits of time and complexity by default', async (t) => {
  const common = { clients: 200, rowsMax: 0, resultBytesMax: 0, ratePerMinute: 0, rateBurst: 0 };
  const plain = { ...common, queryTimeoutMs: 0, idleInTransactionMs: 0, complexityMax: 0 };
  t.same(databaseOf(url).limits, plain);
  const policed = { ...common, queryTimeoutMs: 30000, idleInTransactionMs: 300000, complexityMax: 1000 };
  t.same(databaseOf(url, 'policies: [p.yaml],').limits, policed);
  t.same(databaseOf(`${url}, limits: { queryTimeoutMs: 5 }`).limits, { ...plain, queryTimeoutMs: 5 });
  t.same(databaseOf(`${url}, limits: { queryTimeoutMs: 0 }`, 'policies: [p.yaml],').limits, {
    ...policed,
    queryTimeoutMs: 0,
  });
});

t.test('sections that are left empty, their lines commented out, are left out', async (t) => {
  t.same(parse('listen:\n  # port: 1\nusers:\nauth:\ntenants:\n  default:\n    databases:\n').listen.port, 6432);
});

t.test('off takes admin and audit out', async (t) => {
  for (const off of ['off', 'false']) {
    const config = parse(`admin: ${off}\naudit: ${off}`);
    t.equal(config.admin, null);
    t.equal(config.audit, null);
  }
});

t.test('relative paths start from the file, and {tenant} is its name', async (t) => {
  const config = parse(`
listen: { socketDir: run, tls: { cert: certs/a.crt, key: ../a.key } }
audit: { file: /var/log/audit.jsonl }
tenants:
  acme:
    policies: ["policies/{tenant}.yaml", /abs.yaml]
    databases:
      a: { url: "postgres://app@db/?sslmode=verify-ca&sslrootcert=certs/{tenant}.crt" }
      b: { url: "postgres://app@/x?host=/run/{tenant}" }
      c: { url: "postgres://app@db/x?sslrootcert=system" }
`);
  t.match(config.listen, {
    socketDir: `${directory}/run`,
    tls: { cert: `${directory}/certs/a.crt`, key: '/etc/a.key' },
  });
  t.equal(config.audit?.file, '/var/log/audit.jsonl');
  const acme = config.tenants.get('acme');
  t.same(acme?.policies, [`${directory}/policies/acme.yaml`, '/abs.yaml']);
  t.equal(acme?.databases.get('a')?.upstream.sslrootcert, `${directory}/certs/acme.crt`);
  t.equal(acme?.databases.get('b')?.upstream.socketPath, '/run/acme/.s.PGSQL.5432');
  t.equal(acme?.databases.get('c')?.upstream.sslrootcert, 'system');
});

t.test('the mode of TLS follows from the certificate where it is left out', async (t) => {
  t.equal(parse('listen: { tls: { cert: a, key: b } }').listen.tls.mode, 'allow');
  t.equal(parse('listen: { tls: { cert: a, key: b, mode: require } }').listen.tls.mode, 'require');
  t.equal(parse('listen: { tls: { cert: a, key: b, mode: off } }').listen.tls.mode, 'off');
});

t.test('users have secrets, roles, tenants and attributes, as texts whatever they look like', async (t) => {
  const config = parse(`
users:
  007:
    secret: 0123
    roles: [a, a, 5]
    tenants: ['*']
    attributes: { regions: [EU, 01], branch: 007, open: true }
  env: { secret: "\${NUMBER}" }
tenants: { default: { users: { own: {} } } }
`);
  t.same(config.users.get('007'), {
    name: '007',
    secret: '0123',
    roles: ['a', '5'],
    tenants: ['*'],
    attributes: { regions: ['EU', '01'], branch: '007', open: 'true' },
  });
  t.equal(config.users.get('env')?.secret, '0123');
  t.same(config.tenants.get('default')?.users.get('own'), {
    name: 'own',
    secret: null,
    roles: [],
    tenants: null,
    attributes: {},
  });
});

t.test('rules keep their order, and what is left out holds for everybody', async (t) => {
  const { rules } = parse(`
auth:
  rules:
    - { cidr: 10.0.0.0/8, users: [bi_*], databases: ['*'], method: md5 }
    - { method: reject }
`).auth;
  t.same(rules, [
    {
      tls: null,
      cidr: { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
      users: ['bi_*'],
      databases: ['*'],
      method: 'md5',
    },
    { tls: null, cidr: null, users: null, databases: null, method: 'reject' },
  ]);
});

t.test('references work for numbers, in braces and inside a URL', async (t) => {
  const config = parse('listen: { port: ${PORT}, maxClients: "${NOPE:-7}" }\nadmin: { token: ${TOKEN} }');
  t.match(config.listen, { port: 7000, maxClients: 7 });
  t.equal(config.admin?.token, 't0ken');
  t.match(databaseOf('url: "postgres://app:${SALES_PASSWORD}@db/sales"').upstream, { user: 'app', password: 'p4ss' });
});

const database = (keys: string): string => `tenants:\n  default:\n    databases:\n      sales: { ${keys} }`;
const verifier = 'SCRAM-SHA-256$4096:AAAA$AAAA:AAAA';

/** Each text, and the beginning of what is said of it. */
const wrong: Readonly<Record<string, string | readonly string[]>> = {
  '- listen': '1:1 must be a map; write its keys below it, indented',
  listen: '1:1 must be a map; write its keys below it, indented',
  'lisen: {}': '1:1 unknown key lisen; did you mean listen?',
  'x: {}': '1:1 unknown key x; known are listen, admin, auth, users, tenants, audit, log',
  'listen: { prot: 1, tsl: {} }': [
    '1:11 unknown key prot in listen; did you mean port?',
    '1:20 unknown key tsl in listen; did you mean tls?',
  ],
  'listen: { <<: {} }': '1:11 unknown key "<<" in listen; known are',
  'listen: { port: "6432" }':
    '1:11 listen.port: must be a whole number from 0 to 65535; write one without unit or quotes',
  'listen: { port: 65536 }': '1:11 listen.port: must be a whole number from 0 to 65535',
  'listen: { port: -1 }': '1:11 listen.port: must be a whole number from 0 to 65535',
  'listen: { port: 1.5 }': '1:11 listen.port: must be a whole number from 0 to 65535',
  'listen: { port: .inf }': '1:11 listen.port: must be a whole number from 0 to 65535',
  'listen: { port: }': '1:11 listen.port: must be a whole number from 0 to 65535',
  'listen: { port: ${TOKEN} }': '1:11 listen.port: must be a whole number from 0 to 65535',
  'listen: { port: [1] }': '1:11 listen.port: must be a whole number from 0 to 65535',
  'listen: { host: }': '1:11 listen.host: must be a text; give it one, or leave the key out',
  'listen: { host: "" }': '1:11 listen.host: is empty; leave the key out',
  'listen: { host: {} }': '1:11 listen.host: must be a text',
  'listen: { host: "*" }': '1:11 listen.host: "*" is not an address; write 0.0.0.0 or ::',
  'listen: { startupTimeoutMs: 15s }': '1:11 listen.startupTimeoutMs: must be a whole number from 1 to 2147483647',
  'listen: { startupTimeoutMs: 2147483648 }':
    '1:11 listen.startupTimeoutMs: must be a whole number from 1 to 2147483647',
  'listen: { workers: 0 }':
    '1:11 listen.workers: must be a number of processes from 1 to 1000, or auto; leave it out for one',
  'listen: { workers: many }':
    '1:11 listen.workers: must be a number of processes from 1 to 1000, or auto; leave it out for one',
  'listen: { tls: on }': '1:11 listen.tls: must be a map',
  'listen: { tls: { mode: alow } }': '1:18 listen.tls.mode: must be one of off, allow, require; did you mean allow?',
  'listen: { tls: { mode: require } }':
    '1:11 listen.tls: TLS needs a certificate and its key, and cert is missing; make both with pgturnstile cert',
  'listen: { tls: { cert: a } }': '1:11 listen.tls: TLS needs a certificate and its key, and key is missing',
  'listen: { tls: { clientCa: a } }': '1:18 listen.tls.clientCa: client certificates need TLS',
  'admin: yes': '1:1 admin: must be a map',
  'admin: { port: 6432 }': '1:10 admin.port: is the port that clients connect to; choose another',
  'admin: { token: }': '1:10 admin.token: must be a text that is not empty',
  'auth: { rules: { method: trust } }':
    '1:9 auth.rules: must be a list; write [one, two], or a line with "- " for each',
  'auth: { rules: [trust] }': '1:17 auth.rules[0]: must be a map',
  'auth: { rules: [{}] }':
    '1:17 auth.rules[0].method: must be one of trust, password, md5, scram-sha-256, cert, oidc, reject; write one of them',
  'auth: { rules: [{ method: scram-sha256 }] }':
    '1:19 auth.rules[0].method: must be one of trust, password, md5, scram-sha-256, cert, oidc, reject; did you mean scram-sha-256?',
  'auth: { rules: [{ method: oidc }] }': '1:19 auth.rules[0].method: oidc is not supported yet; choose another method',
  'auth: { rules: [{ method: cert }] }':
    '1:17 auth.rules[0]: the rule needs TLS, which is off; set listen.tls, or leave the rule out',
  'auth: { rules: [{ method: trust, tls: true }] }': '1:17 auth.rules[0]: the rule needs TLS, which is off',
  'listen: { tls: { cert: a, key: b } }\nauth: { rules: [{ method: cert }] }':
    '2:17 auth.rules[0]: method cert needs the authorities of the certificates; set listen.tls.clientCa',
  'auth: { rules: [{ method: cert, tls: false }] }': [
    '1:17 auth.rules[0]: the rule needs TLS',
    '1:33 auth.rules[0].tls: method cert needs TLS',
  ],
  'auth: { rules: [{ method: reject, cidr: 10.0.0.0/33 }] }':
    '1:35 auth.rules[0].cidr: is not an address range; write 10.0.0.0/8, ::1/128 or one address',
  'auth: { rules: [{ method: reject, cidr: localhost }] }': '1:35 auth.rules[0].cidr: is not an address range',
  'auth: { rules: [{ method: reject, users: [] }] }':
    '1:35 auth.rules[0].users: an empty list matches nobody; leave the key out for everybody',
  'auth: { rules: [{ method: reject, users: bob }] }': '1:35 auth.rules[0].users: must be a list',
  'auth: { rules: [{ method: reject, tls: maybe }] }':
    '1:35 auth.rules[0].tls: must be true or false; write one of them',
  'users: [alice]': '1:1 users: must be a map of names; write each name with a colon below it, indented',
  'users: { alice: hunter2 }': '1:10 users.alice: must be a map',
  'users: { alice: { secret: } }': '1:19 users.alice.secret: must be a text that is not empty',
  'users: { alice: { secret: "" } }': '1:19 users.alice.secret: must be a text that is not empty',
  'users: { alice: { secret: ["hunter2"] } }': '1:19 users.alice.secret: must be a text that is not empty',
  [`users: { alice: { secret: "${verifier}" } }`]:
    '1:19 users.alice.secret: is a damaged SCRAM verifier; make one with pgturnstile hash-password',
  [`users: { alice: { secret: md5${'A'.repeat(32)} } }`]:
    '1:19 users.alice.secret: is an md5 secret with upper-case digits; write them in lower case',
  'users: { alice: { secret: "a\\0b" } }': '1:19 users.alice.secret: has a NUL in it',
  'users: { alice: { password: x } }':
    '1:19 unknown key password in users.alice; known are secret, roles, attributes, tenants',
  'users: { alice: { roles: analyst } }': '1:19 users.alice.roles: must be a list',
  'users: { alice: { tenants: [acme] } }':
    '1:29 users.alice.tenants[0]: there is no tenant of this name; known are default',
  'users: { alice: { tenants: [defualt] } }':
    '1:29 users.alice.tenants[0]: there is no tenant of this name; did you mean default?',
  'users: { alice: { attributes: { a: { b: c } } } }':
    '1:33 users.alice.attributes.a: must be a text or a list of texts',
  'users: { alice: { attributes: { a: [[b]] } } }': '1:33 users.alice.attributes.a: must be a text or a list of texts',
  [`users: { ${'x'.repeat(64)}: {} }`]: `1:10 users.${'x'.repeat(64)}: the name is longer than 63 bytes; shorten it`,
  'tenants: { default: { users: { own: { tenants: [default] } } } }':
    '1:39 unknown key tenants in tenants.default.users.own',
  'tenants: { Acme: {} }': '1:12 tenants.Acme: a tenant is named by a-z',
  'tenants: { "a.b": {} }': '1:12 tenants."a.b": a tenant is named by a-z',
  'tenants: { "../x": {} }': '1:12 tenants."../x": a tenant is named by a-z',
  'tenants: { default: { policies: policies/sales.yaml } }': '1:23 tenants.default.policies: must be a list',
  'tenants: { default: { policies: } }': '1:23 tenants.default.policies: must be a list',
  'tenants: { default: { policies: ["{tenannt}.yaml"] } }':
    '1:34 tenants.default.policies[0]: a path has a brace that is not of {tenant}; write {tenant} or none',
  [database('')]:
    '4:7 tenants.default.databases.sales: the database has no url; write url: postgres://user@host:5432/database',
  [database('url: db')]:
    '4:16 tenants.default.databases.sales.url: the url does not begin with postgres://; write postgres://user@host:5432/database',
  [database('url: "postgres://app:hunter2@db:x/"')]:
    '4:16 tenants.default.databases.sales.url: the port is not a number from 1 to 65535',
  [database(`${url}, control: { url: db }`)]:
    '4:57 tenants.default.databases.sales.control.url: the url does not begin with postgres://',
  [database(`${url}, control: {}`)]:
    '4:46 tenants.default.databases.sales.control.url: must be a text that is not empty',
  [database('backend: sqlite, file: x.db')]:
    '4:16 tenants.default.databases.sales.backend: sqlite is not supported yet; use a PostgreSQL server',
  [database('backend: mysql')]:
    '4:16 tenants.default.databases.sales.backend: must be one of postgres, sqlite; write one of them',
  [database(`${url}, file: x.db`)]:
    '4:46 tenants.default.databases.sales.file: only a sqlite database has a file; write url',
  [database(`${url}, pool: { mode: statement }`)]:
    '4:54 tenants.default.databases.sales.pool.mode: must be one of auto, transaction, session; write one of them',
  [database(`${url}, pool: { size: 0 }`)]:
    '4:54 tenants.default.databases.sales.pool.size: must be a whole number from 1 to 100000',
  [database(`${url}, pool: { size: 5, min: 6 }`)]:
    '4:63 tenants.default.databases.sales.pool.min: is larger than size; lower it, or raise size',
  [database(`${url}, pool: { idleTimeout: 5 }`)]:
    '4:54 unknown key idleTimeout in tenants.default.databases.sales.pool; did you mean idleTimeoutMs?',
  [database(`${url}, breaker: { errorThresholdPercent: 101 }`)]:
    '4:57 tenants.default.databases.sales.breaker.errorThresholdPercent: must be a whole number from 1 to 100',
  [database(`${url}, limits: { rowsMax: -1 }`)]:
    '4:56 tenants.default.databases.sales.limits.rowsMax: must be a whole number from 0',
  [`${database(`${url}, replication: allow`)}\n    policies: [p.yaml]`]:
    '4:46 tenants.default.databases.sales.replication: replication goes round every policy',
  'tenants: { default: { databases: { default/x: { url: "postgres://db" } } } }':
    '1:36 tenants.default.databases."default/x": the name begins with a tenant and "/", which chooses that tenant; rename the database',
  'audit: on': '1:1 audit: must be a map',
  'audit: { rotateBytes: 1 }': '1:10 audit.rotateBytes: must be a whole number from 4096',
  'audit: { statements: shapes }': '1:10 audit.statements: must be one of shape, full, none; did you mean shape?',
  'audit: { fsync: sometimes }': '1:10 audit.fsync: must be one of never, interval, always; write one of them',
  'audit: { chain: true, chainKey: short }': '1:23 audit.chainKey: is shorter than 16 characters',
  'audit: { chainKey: 0123456789abcdef }': '1:10 audit.chainKey: is of no use without a chain',
  'log: { level: verbose }':
    '1:8 log.level: must be one of trace, debug, info, warn, error, fatal, silent; write one of them',
  'log: { pretty: always }': '1:8 log.pretty: must be true, false or auto; leave it out for auto',
  'a: [': '1:5 this line is not indented like its neighbours',
};

for (const [text, expected] of Object.entries(wrong)) {
  t.test(`refused, with the place: ${JSON.stringify(text)}`, async (t) => {
    const found = complaints(text);
    const beginnings = typeof expected === 'string' ? [expected] : expected;
    t.equal(found.length, beginnings.length, found.join('\n'));
    for (const [index, beginning] of beginnings.entries()) {
      t.ok(found[index]?.startsWith(beginning), `${found[index]}\n${beginning}`);
      t.match(found[index], /; /, 'it says what to do');
    }
  });
}

t.test('everything that is wrong is said at once, in the order of the file', async (t) => {
  t.same(
    complaints('log: { level: x }\nlisten: { port: x }\nadmin: { prot: 1 }').map((line) => line.split(' ')[0]),
    ['1:8', '2:11', '3:10'],
  );
});

t.test('a complaint is one line, whatever the names in the file', async (t) => {
  for (const name of ['"a\\nb"', '"a\\e[31m"', `"${'x'.repeat(5000)}"`, '"a; b"']) {
    const found = complaints(`users: { ${name}: { x: 1 } }`);
    t.equal(found.length, 1, name);
    t.match(found[0], /^1:\d+ unknown key x in users\.[ -~]{1,120}; known are/);
  }
});

t.test('no secret is in an error, wherever it was put', async () => {
  const secret = 'hunter2Tr0ub4dor';
  const place = fc.constantFrom(
    (value: string) => `users: { alice: { secret: ${value} } }`,
    (value: string) => `users: { alice: ${value} }`,
    (value: string) => `users: ${value}`,
    (value: string) => `listen: { port: ${value}, host: [${value}] }`,
    (value: string) => `admin: { token: { x: ${value} }, port: ${value} }`,
    (value: string) => `log: { level: ${value} }\naudit: { statements: ${value} }`,
    (value: string) => `auth: { rules: [{ cidr: ${value}, method: ${value} }] }`,
    (value: string) => database(`url: ${value}`),
    (value: string) => database(`url: "postgres://u:${value}@/${value}?x=${value}"`),
    (value: string) => database(`control: ${value}, pool: ${value}, limits: { rowsMax: ${value} }`),
    (value: string) => `a: "${value}" ${value}\n ${value}: [`,
  );
  const form = fc.constantFrom(
    secret,
    '${SECRET}',
    `[${secret}]`,
    `"${secret}"`,
    `x: ${secret}`,
    `*${secret}`,
    `!${secret} x`,
  );
  fc.assert(
    fc.property(place, form, (write, value) => {
      try {
        parseConfig(write(value), file, { SECRET: secret });
        return true;
      } catch (error) {
        return error instanceof ConfigError && !JSON.stringify({ ...error, message: error.message }).includes(secret);
      }
    }),
  );
});

t.test('no text makes it throw anything but a ConfigError', async () => {
  const key = fc.constantFrom(
    'listen',
    'tls',
    'users',
    'tenants',
    'default',
    'databases',
    'sales',
    'url',
    'pool',
    'auth',
    'rules',
    'x',
  );
  const leaf = fc.constantFrom('1', 'x', '', '[]', '{}', '[{}]', 'off', 'postgres://db', '${X}', 'null', '"', '*');
  const line = fc.tuple(fc.nat(4), key, leaf).map(([depth, name, value]) => `${'  '.repeat(depth)}${name}: ${value}`);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      try {
        parse(lines.join('\n'));
        return true;
      } catch (error) {
        return error instanceof ConfigError && error.issues.length > 0;
      }
    }),
    { numRuns: 3000 },
  );
});

t.test('what is probably not meant is warned about', async (t) => {
  const said = (text: string): string => parse(text).warnings.join('\n');
  t.match(said('audit: { keepDays: 30 }'), /:1:10 audit.keepDays: is more than keep: .* only 14 are kept; raise keep/);
  t.notMatch(said('audit: { keepDays: 30, keep: 31 }'), /keepDays/);
  t.match(
    said('users: { alice: { secret: hunter2 } }'),
    /:1:19 users.alice.secret: is a password in clear; replace it/,
  );
  t.notMatch(said('users: { alice: { secret: hunter2 } }'), /hunter2/);
  t.notMatch(said('users: { alice: { secret: "${TOKEN}" } }'), /in clear/);
  t.match(said('tenants: { acme: {} }'), /:1:12 tenants.acme: the tenant has no databases/);
  const trust = 'auth: { rules: [{ method: trust }] }';
  t.match(
    said(`listen: { host: 0.0.0.0 }\n${trust}`),
    /:2:17 auth.rules\[0\]: trust lets clients of other machines in/,
  );
  t.notMatch(said(trust), /trust/);
  t.notMatch(said('listen: { host: 0.0.0.0 }\nauth: { rules: [{ method: trust, cidr: 127.0.0.0/8 }] }'), /trust/);
});

t.test('a file is read with its place, and secrets of files next to it', async (t) => {
  const folder = t.testdir({ 'pgturnstile.yaml': 'users: { alice: { secret: file:secrets/alice } }' });
  mkdirSync(path.join(folder, 'secrets'));
  writeFileSync(path.join(folder, 'secrets', 'alice'), '12345\n');
  const config = await loadConfig(path.join(folder, 'pgturnstile.yaml'), {});
  t.equal(config.directory, folder);
  t.equal(config.users.get('alice')?.secret, '12345');
});

t.test('a file that others can read is warned about when it holds a secret itself', async (t) => {
  const holds = async (text: string, mode: number): Promise<boolean> => {
    const written = path.join(t.testdirName, 'config.yaml');
    writeFileSync(written, text);
    chmodSync(written, mode);
    const { warnings } = await loadConfig(written, env);
    return warnings.some((line) => line.startsWith(written) && /can be read by others; chmod 600/.test(line));
  };
  t.testdir({});
  const secrets = [
    'users: { alice: { secret: hunter2 } }',
    `users: { alice: { secret: md5${'0'.repeat(32)} } }`,
    'users: { alice: { secret: "${NOPE:-hunter2}" } }',
    'admin: { token: hunter2 }',
    database('url: postgres://app:hunter2@db/sales'),
    database('url: "postgres://app@db/sales?password=hunter2"'),
    database(`${url}, control: { url: "postgres://app:x\${TOKEN}@db" }`),
  ];
  for (const text of secrets) {
    t.equal(await holds(text, 0o644), true, text);
    t.equal(await holds(text, 0o600), false, text);
  }
  for (const text of [
    '',
    'admin: { token: "${TOKEN}" }',
    database('url: "postgres://app:${TOKEN}@db/sales"'),
    database(url),
  ]) {
    t.equal(await holds(text, 0o644), false, text);
  }
});

t.test('a file that cannot be read says so in one line', async (t) => {
  const folder = t.testdir({});
  const missing = path.join(folder, 'none.yaml');
  await t.rejects(loadConfig(missing, {}), {
    code: 'configInvalid',
    message: `${missing}: there is no such file; name one with --config, or write one with pgturnstile init`,
  });
  await t.rejects(loadConfig(folder, {}), { message: `${folder}: this is a directory; name the file in it` });
  writeFileSync(missing, Buffer.from([0x61, 0x3a, 0x20, 0xff]));
  await t.rejects(loadConfig(missing, {}), { message: `${missing}: the file is not UTF-8; save it as UTF-8` });
  writeFileSync(missing, Buffer.alloc((8 << 20) + 1, '#'));
  await t.rejects(loadConfig(missing, {}), { message: `${missing}: the file is larger than 8 MiB; name another` });
});
