import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import { authority, openDoorway } from '../support/doorway.js';
import { type Postgres, startPostgres } from '../support/postgres.js';
import { RawClient, type RawTarget } from '../support/raw-client.js';
import {
  cstring,
  errorFields,
  gssEncRequest,
  int32,
  message,
  password,
  type RawMessage,
  sslRequest,
  startupMessage,
} from '../support/raw-messages.js';
import { until } from '../support/until.js';

/** What comes back, as lines: authentication requests by their number, errors without file, line and routine. */
type Talk = (client: RawClient, heard: RawMessage[]) => Promise<void>;

const users = [
  'by_scram',
  'by_md5',
  'by_password',
  'scram_by_md5',
  'md5_by_scram',
  'trusted',
  'only_by_tls',
  'by_cert',
];
const methods: readonly (readonly [user: string, method: string])[] = [
  ['by_scram', 'scram-sha-256'],
  ['by_md5', 'md5'],
  ['by_password', 'password'],
  ['scram_by_md5', 'md5'],
  ['md5_by_scram', 'scram-sha-256'],
  ['trusted', 'trust'],
  ['nobody_by_scram', 'scram-sha-256'],
  ['nobody_by_password', 'password'],
  ['rejected', 'reject'],
];
const secret = 'open sesame';

const begin = (user: string, more: Record<string, string> = {}) =>
  startupMessage({ user, database: 'postgres', ...more });
const send =
  (...parts: Buffer[]): Talk =>
  async (client) =>
    client.send(...parts);
const version = (major: number, minor: number, rest: Buffer = Buffer.alloc(0)) =>
  message('', int32(major * 65536 + minor), rest);
const parameters = (text: string) => Buffer.from(text.replaceAll('|', '\0'));
const initial = (mechanism: string, text: string) =>
  message('p', cstring(mechanism), int32(Buffer.byteLength(text)), Buffer.from(text));

/** Sends `first`, waits for the request that it brings, and sends what `then` makes of it, and so on. */
const exchange =
  (first: Buffer, ...then: ((body: Buffer) => Buffer)[]): Talk =>
  async (client, heard) => {
    client.send(first);
    for (const next of then) {
      const reply = await client.read();
      heard.push(reply);
      if (reply.type !== 'R') return;
      client.send(next(reply.body));
    }
  };

const answered = (...answers: Buffer[]) => answers.map((answer) => () => answer);
const nonceOf = (body: Buffer) => body.toString('latin1', 4).match(/r=([^,]*)/)?.[1] ?? '';
const final = (text: (nonce: string) => string) => (body: Buffer) => message('p', Buffer.from(text(nonceOf(body))));
const proof = Buffer.alloc(32).toString('base64');
const first = 'n,,n=,r=abcdefghijklmnopqrstuvwx';
const scram = (...then: ((body: Buffer) => Buffer)[]): Talk => exchange(begin('by_scram'), ...then);

const cases: Readonly<Record<string, Talk>> = {
  'nothing at all': send(),
  'half a length': send(Buffer.from([0, 0])),
  'half a packet': send(begin('trusted').subarray(0, 20)),
  'a length of 0': send(int32(0), Buffer.from('abcdefgh')),
  'a length of 7': send(int32(7), Buffer.from('abc')),
  'a length of 10,005': send(int32(10_005), Buffer.alloc(10_001)),
  'a negative length': send(int32(-1), Buffer.alloc(100)),
  'an HTTP request': send(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
  'a length of 8': send(int32(8), int32(196608)),
  'version 4.0': send(version(4, 0)),
  'version 1234.5681': send(version(1234, 5681)),
  'no user': send(version(3, 0, parameters('database|postgres||'))),
  'an empty user': send(version(3, 0, parameters('user||database|postgres||'))),
  'no terminator': send(version(3, 0, parameters('user|trusted'))),
  'a name without a value': send(version(3, 0, parameters('user|trusted|database||'))),
  'something behind the terminator': send(version(3, 0, parameters('user|trusted||more'))),
  'only a version': send(version(3, 0)),
  'an invalid replication': send(begin('trusted', { replication: 'maybe' })),
  'an invalid replication and no user': send(version(3, 0, parameters('replication|maybe||'))),
  'an unknown protocol option': exchange(begin('by_md5', { '_pq_.colour': 'red' })),
  'unknown protocol options and no user': send(version(3, 0, parameters('_pq_.b|1|_pq_.a|2||'))),
  'a cancel request that is too short': send(version(1234, 5678, int32(1))),
  'a cancel request for nobody': send(version(1234, 5678, Buffer.concat([int32(99), int32(99)]))),
  'SSLRequest twice': async (client) => {
    client.send(sslRequest());
    if ((await client.readByte()) !== 'N') throw new Error('TLS is off');
    client.send(sslRequest());
  },
  'a start-up right behind SSLRequest': async (client) => {
    client.send(sslRequest(), begin('trusted'));
    await client.readByte();
  },
  'a rule that rejects': send(begin('rejected')),
  'a rule that rejects replication': send(begin('rejected', { replication: 'true' })),
  'a rule that rejects logical replication': send(begin('rejected', { replication: 'database' })),
  'no rule': send(begin('ruleless')),
  'no rule for replication': send(begin('ruleless', { replication: 'true' })),
  'no rule for a user with a long name': send(begin(`ruleless${'x'.repeat(100)}`)),
  'a database that is not there': exchange(startupMessage({ user: 'trusted', database: 'nosuch' })),
  'a database by the name of the user': exchange(startupMessage({ user: 'trusted' })),
  'a database that is not there, and a mistake in the options': exchange(
    startupMessage({ user: 'trusted', database: 'nosuch', options: 'x' }),
  ),
  'a cleartext password that is wrong': exchange(begin('by_password'), ...answered(password('wrong'))),
  'a cleartext password of nobody': exchange(begin('nobody_by_password'), ...answered(password('wrong'))),
  'an empty cleartext password': exchange(begin('by_password'), ...answered(password(''))),
  'a cleartext password that is right': exchange(begin('by_password'), ...answered(password(secret))),
  'a password without its end': exchange(begin('by_password'), ...answered(message('p', Buffer.from('abc')))),
  'a password with an end in the middle': exchange(begin('by_password'), ...answered(password('a\0b'))),
  'a password message with nothing in it': exchange(begin('by_password'), ...answered(message('p'))),
  'a password message of length 3': exchange(begin('by_password'), ...answered(Buffer.from('p\0\0\0\x03', 'latin1'))),
  'a password message of length 65,535': exchange(begin('by_password'), ...answered(password('x'.repeat(65_530)))),
  'a password message of length 65,536': exchange(begin('by_password'), ...answered(password('x'.repeat(65_531)))),
  'a query in place of a password': exchange(begin('by_password'), ...answered(message('Q', cstring('select 1')))),
  'Terminate in place of a password': exchange(begin('by_password'), ...answered(message('X'))),
  'nothing in place of a password': exchange(begin('by_password')),
  'an md5 answer that is wrong': exchange(begin('by_md5'), ...answered(password(`md5${'0'.repeat(32)}`))),
  'an empty md5 answer': exchange(begin('by_md5'), ...answered(password(''))),
  'SASL for md5 with a SCRAM secret': exchange(begin('scram_by_md5')),
  'a wrong proof with an md5 hash': exchange(
    begin('md5_by_scram'),
    () => initial('SCRAM-SHA-256', first),
    final((nonce) => `c=biws,r=${nonce},p=${proof}`),
  ),
  'a wrong proof of nobody': exchange(
    begin('nobody_by_scram'),
    () => initial('SCRAM-SHA-256', first),
    final((nonce) => `c=biws,r=${nonce},p=${proof}`),
  ),
  'a wrong proof': scram(
    () => initial('SCRAM-SHA-256', first),
    final((nonce) => `c=biws,r=${nonce},p=${proof}`),
  ),
  'a wrong nonce': scram(
    () => initial('SCRAM-SHA-256', first),
    final(() => `c=biws,r=other,p=${proof}`),
  ),
  'a wrong binding': scram(
    () => initial('SCRAM-SHA-256', first),
    final((nonce) => `c=eSws,r=${nonce},p=${proof}`),
  ),
  'a proof that is too short': scram(
    () => initial('SCRAM-SHA-256', first),
    final((nonce) => `c=biws,r=${nonce},p=AAAA`),
  ),
  'an empty final message': scram(() => initial('SCRAM-SHA-256', first), ...answered(message('p'))),
  'a mechanism that is none': scram(() => initial('SCRAM-SHA-1', first)),
  'PLUS without TLS': scram(() => initial('SCRAM-SHA-256-PLUS', 'p=tls-server-end-point,,n=,r=abc')),
  'a binding without TLS': scram(() => initial('SCRAM-SHA-256', 'p=tls-server-end-point,,n=,r=abc')),
  'an authorization identity': scram(() => initial('SCRAM-SHA-256', 'n,a=bob,n=,r=abc')),
  'an extension': scram(() => initial('SCRAM-SHA-256', 'n,,m=x,n=,r=abc')),
  'an empty first message': scram(() => initial('SCRAM-SHA-256', '')),
  'garbage for a first message': scram(() => initial('SCRAM-SHA-256', '\x01\x02\x03')),
  'no initial response, then another nothing': scram(
    () => message('p', cstring('SCRAM-SHA-256'), int32(-1)),
    () => message('p'),
  ),
  'an initial response that is longer than its message': scram(() =>
    message('p', cstring('SCRAM-SHA-256'), int32(1000), Buffer.from('n,,')),
  ),
  'an initial response that is shorter than its message': scram(() =>
    message('p', cstring('SCRAM-SHA-256'), int32(2), Buffer.from('n,,n=,r=abc')),
  ),
  'a password in place of an initial response': scram(() => password(secret)),
  'an initial response without a length': scram(() => message('p', cstring('SCRAM-SHA-256'))),
  'a mechanism without its end': scram(() => message('p', Buffer.from('SCRAM'))),
  'a SASL message with nothing in it': scram(() => message('p')),
  'a SASL message of length 1,024': scram(() => initial('SCRAM-SHA-256', `n,,n=,r=${'x'.repeat(994)}`)),
  'a SASL message of length 1,025': scram(() => initial('SCRAM-SHA-256', `n,,n=,r=${'x'.repeat(995)}`)),
  'a SASL message of length 3': scram(() => Buffer.from('p\0\0\0\x03', 'latin1')),
  'a query in place of SASL': scram(() => message('Q', cstring('select 1'))),
  'Terminate in place of SASL': scram(() => message('X')),
  'a query in place of the final message': scram(
    () => initial('SCRAM-SHA-256', first),
    () => message('Q', cstring('select 1')),
  ),
  'nothing in place of the final message': scram(() => initial('SCRAM-SHA-256', first)),
  'a switch that is none': send(begin('trusted', { options: '-Z' })),
  'a word in the options': send(begin('trusted', { options: 'geqo=off' })),
  '-c without a value': send(begin('trusted', { options: '-c geqo' })),
  '-- without a value': send(begin('trusted', { options: '--geqo' })),
  '-c at the end': send(begin('trusted', { options: '-c' })),
  'a plan type that is none': send(begin('trusted', { options: '-fz' })),
  'statistics that are none': send(begin('trusted', { options: '-tzz' })),
};

async function talkTo(target: RawTarget, talk: Talk): Promise<string[]> {
  const client = await RawClient.connect(target);
  const heard: RawMessage[] = [];
  await talk(client, heard);
  client.socket.end();
  heard.push(...(await client.readUntilClosed()).messages);
  return heard.map(describe);
}

function describe({ type, body }: RawMessage): string {
  if (type === 'E') {
    const { F, L, R, ...fields } = errorFields(body);
    return JSON.stringify(fields).replace(/server supports 3.0 to 3.\d/, 'server supports 3.0 to 3.x');
  }
  if (type !== 'R') return `${type} ${body.toString('latin1').replace(/^\0\x03\0./, 'version ')}`;
  const kind = body.readInt32BE(0);
  if (kind === 10) return `R 10 ${body.toString('latin1', 4)}`;
  if (kind === 5) return `R 5 ${body.length}`;
  // Salts and nonces differ, their lengths don't.
  return `R ${kind} ${body.toString('latin1', 4).replace(/[A-Za-z0-9+/]{22,}={0,2}/g, (text) => `<${text.length}>`)}`;
}

/** What is said once AuthenticationOk is out and nothing is wrong is the session's. */
const untilGreeting = (lines: string[]) => lines.filter((line) => !/^[SKZ] /.test(line));

const tlsRules = '  - { tls: true, users: [only_by_tls], method: trust }\n  - { users: [by_cert], method: cert }';

async function prepare(server: Postgres): Promise<string> {
  for (const user of users) {
    const encryption = user === 'by_md5' || user === 'md5_by_scram' ? 'md5' : 'scram-sha-256';
    await server.query(`set password_encryption = '${encryption}'; create role ${user} login password '${secret}'`);
  }
  const lines = methods.flatMap(([user, method]) =>
    ['host all U all', 'host replication U all', 'local all U', 'local replication U'].map(
      (line) => `${line.replace('U', user)} ${method}`,
    ),
  );
  lines.push('hostssl all only_by_tls all trust', 'hostssl all by_cert all cert');
  lines.push(`local all pgturnstile_tests trust`);
  writeFileSync(path.join(server.dataDir, 'pg_hba.conf'), [...lines, ''].join('\n'));
  await server.query('select pg_reload_conf()');
  const secrets = await server.query("select rolname, rolpassword from pg_authid where rolname ~ 'by_|^trusted'");
  const entry = ({ rolname, rolpassword }: Record<string, unknown>) => `  ${rolname}: { secret: '${rolpassword}' }`;
  const rules = methods.map(([user, method]) => `  - { users: [${user}], method: ${method} }`);
  return [
    'auth:\n rules:',
    ...rules,
    tlsRules,
    'users:',
    ...secrets.map(entry),
    "tenants: { default: { databases: { postgres: { url: 'postgres://app@127.0.0.1:1/postgres' } } } }",
  ].join('\n');
}

const tlsFinal = (body: Buffer, binding: string) => final((nonce) => `c=${binding},r=${nonce},p=${proof}`)(body);
const noHash = Buffer.from('p=tls-server-end-point,,nothing').toString('base64');

const tlsCases: Readonly<Record<string, Talk>> = {
  'no rule, over TLS': send(begin('ruleless')),
  'a rule that rejects, over TLS': send(begin('rejected')),
  'a rule for TLS': exchange(begin('only_by_tls')),
  'method cert without a certificate': send(begin('by_cert')),
  'SASL over TLS': exchange(begin('by_scram')),
  'no PLUS, since the client knows none': exchange(
    begin('by_scram'),
    () => initial('SCRAM-SHA-256', first),
    (body) => tlsFinal(body, 'biws'),
  ),
  'no PLUS, since the client thinks that we know none': exchange(begin('by_scram'), () =>
    initial('SCRAM-SHA-256', first.replace('n', 'y')),
  ),
  'PLUS without a binding': exchange(begin('by_scram'), () => initial('SCRAM-SHA-256-PLUS', first)),
  'PLUS with an unknown kind of binding': exchange(begin('by_scram'), () =>
    initial('SCRAM-SHA-256-PLUS', first.replace('n', 'p=tls-unique')),
  ),
  'PLUS with the wrong binding': exchange(
    begin('by_scram'),
    () => initial('SCRAM-SHA-256-PLUS', first.replace('n', 'p=tls-server-end-point')),
    (body) => tlsFinal(body, noHash),
  ),
  'SSLRequest over TLS': send(sslRequest()),
  'GSSENCRequest over TLS': send(gssEncRequest()),
  'garbage over TLS': send(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
};

const localCases: Readonly<Record<string, Talk>> = {
  'no rule, over a Unix socket': send(begin('ruleless')),
  'no rule for replication, over a Unix socket': send(begin('ruleless', { replication: 'true' })),
  'a rule that rejects, over a Unix socket': send(begin('rejected')),
  'a rule for TLS, over a Unix socket': send(begin('only_by_tls')),
  'method cert over a Unix socket': send(begin('by_cert')),
  'a password over a Unix socket': exchange(begin('by_password'), ...answered(password(secret))),
  'SSLRequest over a Unix socket': async (client) => {
    client.send(sslRequest());
    if ((await client.readByte()) !== 'N') throw new Error('there is no TLS here');
    client.send(begin('rejected'));
  },
};

/** For new connections, as soon as the postmaster has read it. */
async function switchTls(server: Postgres, value: 'on' | 'off'): Promise<void> {
  await server.query(`alter system set ssl = ${value}`);
  await server.query('select pg_reload_conf()');
  const answer = value === 'on' ? 'S' : 'N';
  await until(`ssl is ${value}`, async () => {
    const client = await RawClient.connect({ port: server.port });
    client.send(sslRequest());
    const found = await client.readByte();
    await client.destroy();
    return found === answer;
  });
}

t.test('start-ups are answered as PostgreSQL answers them', async (t: Test) => {
  const server = await startPostgres({ tls: { ...authority().issue('localhost'), ca: authority().cert } });
  t.teardown(() => server.stop());
  const yaml = await prepare(server);
  const desk = { userFailuresMax: 1000, addressFailuresMax: 1000 };
  const door = await openDoorway(t, { yaml: yaml.replace(tlsRules, ''), desk });
  const tlsDoor = await openDoorway(t, { yaml, desk, tls: 'allow' });

  const compare = async (name: string, talk: Talk, ours: RawTarget, theirs: RawTarget) => {
    const [found, expected] = await Promise.all([talkTo(ours, talk), talkTo(theirs, talk)]).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}`);
    });
    t.same(untilGreeting(found), untilGreeting(expected), name);
  };
  await switchTls(server, 'off');
  for (const [name, talk] of Object.entries(cases)) {
    await compare(name, talk, { port: door.port }, { port: server.port });
  }
  const socketPath = path.join(server.socketDir, `.s.PGSQL.${server.port}`);
  for (const [name, talk] of Object.entries(localCases)) {
    await compare(name, talk, { port: 0, socketPath: door.socketPath }, { port: 0, socketPath });
  }
  await switchTls(server, 'on');
  for (const user of ['only_by_tls', 'by_cert']) {
    const name = `a rule for TLS, in clear (${user})`;
    await compare(name, send(begin(user)), { port: tlsDoor.port }, { port: server.port });
  }
  for (const [name, talk] of Object.entries(tlsCases)) {
    await compare(name, talk, { port: tlsDoor.port, tls: 'request' }, { port: server.port, tls: 'request' });
  }
  const stranger = authority().issue('stranger');
  for (const tlsOptions of [stranger, authority().issue('by_cert')]) {
    const how = { tls: 'request', tlsOptions } as const;
    const name = `method cert with the certificate of ${tlsOptions === stranger ? 'somebody else' : 'the user'}`;
    await compare(name, exchange(begin('by_cert')), { port: tlsDoor.port, ...how }, { port: server.port, ...how });
  }
});

t.test('a client of protocol 2 is told so in a form that it can read', async (t) => {
  const door = await openDoorway(t, { yaml: 'tenants: {}' });
  for (const [major, minor] of [
    [2, 0],
    [1, 0],
    [0, 7],
  ] as const) {
    const heard = await bytesFrom(door.port, version(major, minor, Buffer.alloc(288)));
    t.equal(heard, `EFATAL:  unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.2\n\0`);
  }
});

async function bytesFrom(port: number, sent: Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
