import t, { type Test } from 'tap';
import { answerOf, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type RawTarget } from '../support/raw-client.js';
import {
  bind,
  close,
  copyData,
  copyDone,
  cstring,
  describe,
  errorFields,
  execute,
  flush,
  functionCall,
  int16,
  int32,
  message,
  parse,
  password,
  query,
  type RawMessage,
  startupMessage,
  sync,
} from '../support/raw-messages.js';

// What no client should send, in each phase: the proxy says and does what PostgreSQL does, and nobody else notices.

const server = await startPostgres({ settings: { max_connections: '60' } });
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');
await server.query("insert into item values (1, 'one')");
const account = { user: server.superuser, password: server.password, database: 'postgres' };

/** Bytes that look random and are the same every time. */
function noise(bytes: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

const tlsHello = Buffer.from('16030100' + 'f8010000f40303' + '00'.repeat(32), 'hex');
const headerOf = (type: string, length: number) => Buffer.concat([Buffer.from(type), int32(length)]);
const startup = startupMessage({ user: server.superuser, database: 'postgres' });

/** The phase that a client is in when it begins to misbehave. */
const phases: Record<string, (client: RawClient) => Promise<void>> = {
  'first thing': async () => {},
  'when a password is asked for': async (client) => {
    client.send(startup);
    await client.readUntil('R');
  },
  ready: async (client) => {
    await client.login(account);
  },
  'in a transaction': async (client) => {
    await client.login(account);
    await client.ask("begin; insert into item values (99, 'lost')");
  },
  'in a batch': async (client) => {
    await client.login(account);
    client.send(parse("insert into item values (99, 'lost')"), bind(), execute(), flush());
    await client.readUntil('C');
  },
  'behind an error in a batch': async (client) => {
    await client.login(account);
    client.send(parse('selekt'), flush());
    await client.readUntil('E');
  },
  'in a copy': async (client) => {
    await client.login(account);
    client.send(query('copy item from stdin'));
    await client.readUntil('G');
    client.send(copyData('99\tlost\n'));
  },
};

/** By name: what is sent, whatever the phase. */
const bad: Record<string, Buffer> = {
  'a web request': Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  'a TLS hello': tlsHello,
  'an SSH banner': Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
  noise: noise(1000, 1),
  'more noise': noise(70_000, 2),
  zeros: Buffer.alloc(1000),
  ones: Buffer.alloc(1000, 0xff),
  'a type and no more': Buffer.from('Q'),
  'a length and no more': headerOf('Q', 100),
  'half a message': query("insert into item values (99, 'lost')").subarray(0, 20),
  'a length of zero': headerOf('Q', 0),
  'a length of three': headerOf('Q', 3),
  'a negative length': headerOf('Q', -1),
  'the smallest length': headerOf('Q', -2_147_483_648),
  'the largest length': headerOf('Q', 2_147_483_647),
  'a length over a gigabyte': headerOf('Q', 0x40000001),
  'a Sync that is too long': headerOf('S', 20_000),
  'a password that is too long': headerOf('p', 70_000),
  'an unknown type': message('!', Buffer.from('x')),
  'a type of zero': Buffer.from([0, 0, 0, 0, 4]),
  'a reply of a server': message('Z', Buffer.from('I')),
  'a second start-up': startup,
  'a password': password('secret'),
  'a password without end': message('p', Buffer.from('secret')),
  'an empty password': password(''),
  'a SASL answer': message('p', Buffer.from('n,,n=,r=abc')),
  'Terminate with a body': message('X', Buffer.from('bye')),
};

/** What was said, without what differs from run to run, and how it ended. */
function heard(messages: readonly RawMessage[]): string[] {
  return messages.map(({ type, body }) => {
    if (type !== 'E' && type !== 'N') return type;
    const { S, C, M } = errorFields(body);
    return `${type} ${S} ${C} ${M}`;
  });
}

/** Holds that conversation; the client's side ends behind what it sends, as that of one that gave up. */
async function misbehave(
  target: RawTarget,
  begin: (client: RawClient) => Promise<void>,
  bytes: Buffer,
): Promise<string[]> {
  const client = await RawClient.connect(target);
  try {
    await begin(client);
    client.send(bytes);
    client.socket.end();
    const { messages } = await client.readUntilClosed();
    return heard(messages);
  } finally {
    await client.destroy();
  }
}

/** In a copy a server looks at the type alone, also of a message that never comes whole; we hear of it by the end. */
const inCopy = (said: readonly string[]) =>
  said.map((each) => each.replace(/ 08P01 unexpected message.*| 08006 unexpected EOF.*/, ''));

/** A fatal word may be lost with the connection: a reset overtakes what was said before. */
const withoutLastWords = (said: readonly string[]) => said.filter((each) => !/^E FATAL/.test(each));

async function isUnharmed(t: Test, neighbour: RawClient, what: string): Promise<void> {
  t.equal(await answerOf(neighbour, 'select count(*) from item'), '1', `unharmed, and nothing stays: ${what}`);
}

for (const mode of ['transaction', 'session'] as const) {
  t.test(`what makes no sense is answered as by PostgreSQL, in each phase, pool mode ${mode}`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { mode, pool: 'size: 3' });
    const neighbour = await signIn(t, daemon, server);
    for (const [phase, begin] of Object.entries(phases)) {
      for (const [name, bytes] of Object.entries(bad)) {
        const expected = await misbehave(server, begin, bytes);
        const said = await misbehave(daemon, begin, bytes);
        const isSame = JSON.stringify(said) === JSON.stringify(expected);
        const reduced = (all: readonly string[]) => (isSame ? all : inCopy(withoutLastWords(all)));
        t.same(reduced(said), reduced(expected), `${name}, ${phase}`);
      }
      await isUnharmed(t, neighbour, phase);
    }
  });
}

t.test('who breaks the protocol is closed, whether it goes or stays', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const neighbour = await signIn(t, daemon, server);
  const breaking = Object.entries(bad).filter(([name]) => /length|long|unknown|type of zero|web|SSH|reply/.test(name));
  for (const phase of ['ready', 'in a transaction', 'in a batch', 'behind an error in a batch', 'in a copy']) {
    for (const [name, bytes] of breaking) {
      // This one is waited for.
      if (name === 'a length and no more' || (name === 'the largest length' && phase === '')) continue;
      const client = await RawClient.connect(daemon);
      await phases[phase]?.(client);
      client.send(bytes);
      const isClosed = await client.readUntilClosed(5000).then(
        () => true,
        () => false,
      );
      t.ok(isClosed, `${name}, ${phase}`);
      await client.destroy();
    }
    await isUnharmed(t, neighbour, phase);
  }
});

/** Messages that are whole, and wrong within: a session lives through most of them. */
const wrong: Record<string, Buffer[]> = {
  'invalid UTF-8 in a query': [message('Q', Buffer.from("select '\xff\xfe'\0", 'latin1'))],
  'an overlong sequence': [message('Q', Buffer.from("select '\xc0\x80'\0", 'latin1'))],
  'a surrogate': [message('Q', Buffer.from("select '\xed\xa0\x80'\0", 'latin1'))],
  'a sequence that is cut': [message('Q', Buffer.from("select 'x\xe4\0", 'latin1'))],
  'invalid UTF-8 in Parse': [message('P', cstring(''), Buffer.from("select '\xff'\0", 'latin1'), int16(0)), sync()],
  'invalid UTF-8 in a name': [message('P', Buffer.from('\xff\0', 'latin1'), cstring('select 1'), int16(0)), sync()],
  'invalid UTF-8 in a value': [parse('select $1::text'), bind({ values: [Buffer.from([0xff])] }), execute(), sync()],
  'a zero in a value': [parse('select $1::text'), bind({ values: ['a\0b'] }), execute(), sync()],
  'a zero in a query': [message('Q', Buffer.from('select 1\0; select 2\0'))],
  'a query without an end': [message('Q', Buffer.from('select 1'))],
  'a query without anything': [message('Q')],
  'a Parse without an end': [message('P', Buffer.from('name')), sync()],
  'a Parse that lies about its types': [message('P', cstring(''), cstring('select 1'), int16(5)), sync()],
  'a Parse with something behind': [message('P', cstring(''), cstring('select 1'), int16(0), Buffer.from('x')), sync()],
  'a Bind that lies about its values': [
    parse('select $1::int'),
    message('B', cstring(''), cstring(''), int16(0), int16(9)),
    sync(),
  ],
  'a Bind with a length of -2': [
    parse('select $1::int'),
    message('B', cstring(''), cstring(''), int16(0), int16(1), int32(-2), int16(0)),
    sync(),
  ],
  'a Bind with a length beyond its end': [
    parse('select $1::int'),
    message('B', cstring(''), cstring(''), int16(0), int16(1), int32(1000), int16(0)),
    sync(),
  ],
  'a Bind with an unknown format': [parse('select $1::int'), bind({ values: ['1'], formats: [7] }), sync()],
  'an Execute that is cut': [message('E', cstring('')), sync()],
  'an Execute of minus one row': [parse('select 1'), bind(), execute('', -1), sync()],
  'a Describe of nothing': [message('D'), sync()],
  'a Describe of a wrong kind': [message('D', Buffer.from('Xs\0')), sync()],
  'a Close of a wrong kind': [message('C', Buffer.from('?s\0')), sync()],
  'a Sync with a body': [message('S', Buffer.from('x'))],
  'a Flush with a body': [message('H', Buffer.from('x')), sync()],
  'a function that is not there': [functionCall(999_999_999, [])],
  'a function call that is cut': [message('F', int32(1319), int16(0))],
  'a function call of many values': [
    functionCall(
      1319,
      Array.from({ length: 200 }, () => '1'),
    ),
  ],
  'copy data out of place': [copyData('x'), copyDone(), query('select 1')],
  'a parameter of number 0': [parse('select $0'), sync()],
  'a parameter of number 65,535': [parse('select $65535::int'), describe('S'), sync()],
  'a parameter of number 65,536': [parse('select $65536::int'), describe('S'), sync()],
  'a parameter of number 2 billion': [parse('select $2000000000::int'), sync()],
  'a parameter of a number without end': [parse(`select $${'9'.repeat(1000)}`), sync()],
  'nesting without end': [query(`select ${'('.repeat(50_000)}1${')'.repeat(50_000)}`)],
  'an operator chain without end': [query(`select ${'1+'.repeat(50_000)}1`)],
  'minus signs without end': [query(`select ${'- '.repeat(50_000)}1`)],
  'columns without end': [query(`select ${'1,'.repeat(5000)}1`)],
  'a name of 10,000 characters': [query(`select 1 as "${'x'.repeat(10_000)}"`)],
  'quotes that do not end': [query("select 'abc")],
  'a comment that does not end': [query('select 1 /* /* */')],
  'a dollar quote that does not end': [query('select $x$abc$y$')],
  'control characters': [
    query(`select '${Array.from({ length: 31 }, (_, at) => String.fromCharCode(at + 1)).join('')}'`),
  ],
  'only semicolons': [query(';'.repeat(100_000))],
  'closing what is not there, often': [...Array.from({ length: 2000 }, (_, at) => close('S', `none${at}`)), sync()],
};

t.test('what is wrong within a message is answered as by PostgreSQL, and the session goes on', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const neighbour = await signIn(t, daemon, server);
  const ask = async (target: RawTarget, messages: Buffer[]): Promise<string[]> => {
    const client = await RawClient.connect(target, account);
    client.send(...messages, query("select 'still here'"));
    const said: RawMessage[] = [];
    while (!client.isClosed && !said.at(-1)?.body.includes('still here')) said.push(await client.read());
    await client.destroy();
    return heard(said);
  };
  for (const [name, messages] of Object.entries(wrong)) {
    t.same(await ask(daemon, messages), await ask(server, messages), name);
    await isUnharmed(t, neighbour, name);
  }
});

t.test('10,000 and 65,535 values are taken, and one more is refused', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  const direct = await signIn(t, server, server);
  const inList = (count: number) => [
    parse(
      `select count(*) from item where id in (${Array.from({ length: count }, (_, at) => `$${at + 1}`).join(',')})`,
    ),
    message(
      'B',
      cstring(''),
      cstring(''),
      int16(0),
      int16(count),
      ...Array.from({ length: count }, () => Buffer.from([0, 0, 0, 1, 0x31])),
      int16(0),
    ),
    execute(),
    sync(),
  ];
  for (const count of [10_000, 65_535, 65_536]) {
    const said = [];
    for (const each of [direct, client]) {
      each.send(...inList(count));
      said.push(heard((await each.readUntilReady(60_000)).messages));
    }
    t.same(said[1], said[0], `${count}: ${said[1]?.at(-2)}`);
  }
  t.equal(await answerOf(client, 'select 1'), '1');
});
