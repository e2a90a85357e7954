import t from 'tap';
import { ProxyError } from '../../src/errors/proxy-error.js';
import { describeError, redactText, redactValues, safeText } from '../../src/telemetry/redact.js';

t.test('a field that is called like a secret is replaced, at any depth and in any case', async (t) => {
  const fields = {
    password: 'hunter2',
    adminToken: 'hunter2',
    client_key: Buffer.from('hunter2'),
    clientKey: Buffer.from('hunter2'),
    users: new Map([['alice', { secret: 'hunter2', roles: ['analyst'] }]]),
    deep: [{ upstream: { host: 'db', Password: 'hunter2' } }],
  };
  const text = JSON.stringify(redactValues(fields));
  t.notMatch(text, 'hunter2');
  t.match(text, '"roles":["analyst"]');
  t.match(text, '"host":"db"');
});

t.test('what only sounds like a secret, or says that there is none, stays', async (t) => {
  const fields = { method: 'password', hasPassword: true, secret: null, key: 'certs/server.key', passedOver: 3 };
  t.same(redactValues(fields), fields);
});

t.test('secrets are found in running text by their form', async (t) => {
  const texts = [
    'connecting to postgres://app:hunter2@db:5432/sales',
    'connecting to postgres://app:hun/ter2@hunter2@db:5432/sales',
    `{"msg":"postgres://app:hun\\"hunter2@db/sales"}`,
    'host=db password=hunter2 user=app',
    `host=db password='hunter2 \\' hunter2' user=app`,
    `alter role app password 'hunter2''hunter2'`,
    'secret SCRAM-SHA-256$4096:hunter2$hunter2:hunter2=',
    'secret md5aabbccddeeff00112233445566778899',
    'authorization: Bearer hunter2',
    '-----BEGIN EC PRIVATE KEY-----\\nhunter2\\n-----END EC PRIVATE KEY-----',
  ];
  for (const text of texts) {
    const clean = redactText(text);
    t.notMatch(clean, 'hunter2', clean);
    t.notMatch(clean, 'aabbccddeeff', clean);
    t.match(clean, '[redacted]');
  }
  t.match(redactText(texts[0] as string), '@db:5432/sales', 'what is no secret can still be read');
});

t.test('text without a secret is left as it is', async (t) => {
  const text = '{"method":"password","hint":"password authentication: see postgres://db/sales","file":"md5sums"}';
  t.equal(redactText(text), text);
});

t.test('control characters, line separators and direction marks become visible', async (t) => {
  t.equal(safeText('a\nb\u001b[31m\u009b\u2028\u202e\u007f'), 'a\\u000ab\\u001b[31m\\u009b\\u2028\\u202e\\u007f');
  t.equal(safeText('Zoë 你好 🐘'), 'Zoë 你好 🐘');
  t.equal(redactText('"\u009b\u2028"'), '"\\u009b\\u2028"', 'as JSON would write them');
  t.same(redactValues({ 'na\nme': ['a\rb'] }), { 'na\\u000ame': ['a\\u000db'] });
});

t.test('an error shows its known fields and its causes, and nothing that hangs on it', async (t) => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect', port: 1 });
  const error = new ProxyError('upstreamUnavailable', 'no\nserver', { cause });
  Object.assign(error, { config: { password: 'hunter2' } });
  t.same(describeError(error), {
    type: 'ProxyError',
    message: 'no\\u000aserver',
    code: 'upstreamUnavailable',
    sqlstate: '57P03',
    cause: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', syscall: 'connect', port: 1 },
  });
});

t.test('an error that nobody expected has a stack, without its message a second time', async (t) => {
  const { stack } = describeError(new TypeError('first line\n    second line'));
  t.match(stack, /^TypeError: first line\\u000a {4}second line\n {4}at /);
  t.same(describeError('thrown text'), { message: 'thrown text' });
});

t.test('circles, huge lists and huge buffers are cut off', async (t) => {
  const circle: Record<string, unknown> = { bytes: Buffer.alloc(1_000_000), list: Array(1_000_000).fill(1) };
  circle.self = circle;
  t.ok(JSON.stringify(redactValues(circle)).length < 5_000);
});
