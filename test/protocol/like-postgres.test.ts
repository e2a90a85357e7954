import t from 'tap';
import { type BackendMessage, decodeBackendMessage, decodeFrontendMessage } from '../../protocol/decode-message.js';
import { smallBodyBytesMax, startupBodyBytesMax } from '../../protocol/message-bounds.js';
import { backend, type FrontendName, frontend } from '../../protocol/message-types.js';
import { MessageWriter } from '../../protocol/message-writer.js';
import * as auth from '../../protocol/messages/authentication.js';
import { encodeBackendKeyData } from '../../protocol/messages/backend-key-data.js';
import { encodeCommandComplete } from '../../protocol/messages/command-complete.js';
import { encodeCopyData } from '../../protocol/messages/copy-data.js';
import * as copy from '../../protocol/messages/copy-response.js';
import { encodeDataRow } from '../../protocol/messages/data-row.js';
import { encodeErrorFields } from '../../protocol/messages/error-fields.js';
import { encodeFunctionCallResponse } from '../../protocol/messages/function-call-response.js';
import { encodeNotificationResponse } from '../../protocol/messages/notification-response.js';
import { encodeParameterDescription } from '../../protocol/messages/parameter-description.js';
import { encodeParameterStatus } from '../../protocol/messages/parameter-status.js';
import { encodeReadyForQuery } from '../../protocol/messages/ready-for-query.js';
import { encodeRowDescription } from '../../protocol/messages/row-description.js';
import { type Phase, step, synchronizationLost, violation } from '../../protocol/phases.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import { decodeStartupPacket } from '../../protocol/startup-packet.js';
import { type Postgres, startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import {
  bind,
  copyData,
  copyDone,
  errorFields,
  execute,
  parse,
  query,
  type RawMessage,
  sync,
} from '../support/raw-messages.js';
import { bytes, frame } from './support/bytes.js';

/*
 * What this library takes for PostgreSQL's behaviour, asked of a running PostgreSQL.
 */

let server: Postgres;
const clients: RawClient[] = [];

/** A connection on which nothing was said yet. */
async function dial(): Promise<RawClient> {
  const client = await RawClient.connect(server);
  clients.push(client);
  return client;
}

async function connect(): Promise<RawClient> {
  const client = await dial();
  await client.login({ user: server.superuser, database: 'postgres', password: server.password });
  return client;
}

/** Severity, code and text of the errors among messages. */
function errorsIn(messages: readonly RawMessage[]): string[] {
  return messages
    .filter(({ type }) => type === 'E')
    .map(({ body }) => errorFields(body))
    .map(({ S, C, M }) => `${S} ${C} ${M}`);
}

/** What our decoder says of a body; null when it finds nothing wrong. */
function complaint(decode: () => unknown): string | null {
  try {
    decode();
    return null;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return `${error.fatal ? 'FATAL' : 'ERROR'} ${error.sqlstate} ${error.message}`;
  }
}

const flush = frame(frontend.Flush);

/** What leads a new session into a phase, and the type of the answer that shows it is there. */
const ways = {
  ready: { frames: [query('select 1')], arrival: 'Z' },
  batch: { frames: [parse('select 1'), flush], arrival: '1' },
  skipToSync: { frames: [parse('no statement')], arrival: 'E' },
  copyIn: { frames: [query('create temp table t (a int)'), query('copy t from stdin')], arrival: 'G' },
} as const satisfies Partial<Record<Phase, unknown>>;

async function enter(phase: keyof typeof ways): Promise<RawClient> {
  const { frames, arrival } = ways[phase];
  const client = await connect();
  client.send(...frames);
  await client.readUntil(arrival);
  return client;
}

/** Something sound of each type, and of types that no message has. */
const sound: readonly (readonly [string, number, Buffer])[] = [
  ['Query', frontend.Query, bytes`00`],
  ['Parse', frontend.Parse, bytes`00 'select 1' 00 0000`],
  ['Bind', frontend.Bind, bytes`00 00 0000 0000 0000`],
  ['Describe', frontend.Describe, bytes`'P' 00`],
  ['Execute', frontend.Execute, bytes`00 00000000`],
  ['Close', frontend.Close, bytes`'P' 00`],
  ['Flush', frontend.Flush, bytes``],
  ['Sync', frontend.Sync, bytes``],
  ['FunctionCall', frontend.FunctionCall, bytes`000000b1 0000 0002 ffffffff ffffffff 0000`],
  ['CopyData', frontend.CopyData, bytes`'1' 0a`],
  ['CopyDone', frontend.CopyDone, bytes``],
  ['CopyFail', frontend.CopyFail, bytes`'no' 00`],
  ['PasswordMessage', frontend.PasswordMessage, bytes`'x' 00`],
  ['Terminate', frontend.Terminate, bytes``],
  ['type 0', 0, bytes``],
  ['type !', 0x21, bytes``],
  ['type 255', 255, bytes``],
];

/** Whether the session ended, and what it said of protocol violations on the way. */
async function outcome(client: RawClient): Promise<{ isClosed: boolean; violations: string[] }> {
  // Ends the copy, if there is one, and the batch; the answer to an empty query shows that someone is still there.
  client.send(copyDone(), sync(), query(''));
  const messages: RawMessage[] = [];
  while (messages.at(-1)?.type !== 'I') {
    const message = await client.read().catch((error: Error) => {
      if (client.isClosed) return null;
      throw error;
    });
    if (message === null) break;
    messages.push(message);
  }
  const violations = errorsIn(messages).filter((error) => error.includes(' 08P01 '));
  return { isClosed: client.isClosed, violations };
}

type Encoders = {
  [Name in BackendMessage['name']]?: (w: MessageWriter, m: Extract<BackendMessage, { name: Name }>['message']) => void;
};

const encoders: Encoders = {
  Authentication: (w, m) => {
    if (m.kind === 'ok') auth.encodeAuthenticationOk(w);
    else if (m.kind === 'sasl') auth.encodeAuthenticationSASL(w, m.mechanisms);
    else if (m.kind === 'saslContinue') auth.encodeAuthenticationSASLContinue(w, m.data);
    else if (m.kind === 'saslFinal') auth.encodeAuthenticationSASLFinal(w, m.data);
  },
  BackendKeyData: encodeBackendKeyData,
  CommandComplete: encodeCommandComplete,
  CopyData: encodeCopyData,
  CopyInResponse: copy.encodeCopyInResponse,
  CopyOutResponse: copy.encodeCopyOutResponse,
  DataRow: encodeDataRow,
  ErrorResponse: (w, m) => encodeErrorFields(w, backend.ErrorResponse, m),
  FunctionCallResponse: encodeFunctionCallResponse,
  NoticeResponse: (w, m) => encodeErrorFields(w, backend.NoticeResponse, m),
  NotificationResponse: encodeNotificationResponse,
  ParameterDescription: encodeParameterDescription,
  ParameterStatus: encodeParameterStatus,
  ReadyForQuery: encodeReadyForQuery,
  RowDescription: encodeRowDescription,
};

t.test('PostgreSQL does what this library takes for granted', async (t) => {
  server = await startPostgres();
  t.teardown(async () => {
    for (const client of clients) await client.destroy();
    await server.stop();
  });

  t.test('a body that is cut anywhere, or too long, is told in the same words', async (t) => {
    const bodies: Partial<Record<FrontendName, Buffer>> = {
      Query: bytes`'select 1' 00`,
      Parse: bytes`00 'select $1::text' 00 0001 00000019`,
      Bind: bytes`'p' 00 00 0001 0001 0001 00000002 'ab' 0001 0000`,
      Describe: bytes`'S' 00`,
      Execute: bytes`'p' 00 00000000`,
      Close: bytes`'P' 'p' 00`,
      // int4pl
      FunctionCall: bytes`000000b1 0001 0001 0002 00000004 00000001 00000004 00000002 0001`,
      Sync: bytes``,
      Flush: bytes``,
    };
    const client = await connect();
    for (const [name, body] of Object.entries(bodies) as [FrontendName, Buffer][]) {
      const wrong = [...body.keys()].map((end) => body.subarray(0, end));
      for (const each of [...wrong, Buffer.concat([body, Buffer.of(0)])]) {
        const endsItself = name === 'Query' || name === 'FunctionCall' || name === 'Sync';
        client.send(parse('select $1::text'), frame(frontend[name], each), ...(endsItself ? [] : [sync()]));
        const { messages } = await client.readUntilReady();
        const ours = complaint(() => decodeFrontendMessage(frontend[name], each));
        t.strictSame(errorsIn(messages), [ours], `${name} of ${each.length} bytes: ${ours}`);
      }
    }
  });

  t.test('contents that contradict themselves are told in the same words', async (t) => {
    const wrong: [FrontendName, Buffer][] = [
      ['Query', bytes`'select 1' 00 'x' 00`],
      ['Parse', bytes`00 'select 1' 00 ffff`],
      ['Bind', bytes`00 00 0002 0000 0000 0001 ffffffff 0000`],
      ['Bind', bytes`00 00 0000 0001 fffffffe 0000`],
      ['Bind', bytes`00 00 0000 0001 7fffffff 0000`],
      ['Bind', bytes`00 00 0000 0001 ffffffff ffff`],
      ['Describe', bytes`'X' 00`],
      ['Close', bytes`'X' 00`],
      ['FunctionCall', bytes`000000b1 0003 0000 0000 0000 0002 ffffffff ffffffff 0000`],
      ['FunctionCall', bytes`000000b1 0000 0002 fffffffe ffffffff 0000`],
    ];
    const client = await connect();
    for (const [name, body] of wrong) {
      const endsItself = name === 'Query' || name === 'FunctionCall';
      client.send(parse('select $1::text'), frame(frontend[name], body), ...(endsItself ? [] : [sync()]));
      const { messages } = await client.readUntilReady();
      const ours = complaint(() => decodeFrontendMessage(frontend[name], body));
      t.strictSame(errorsIn(messages), [ours], `${name}: ${ours}`);
    }
  });

  for (const phase of ['ready', 'batch', 'skipToSync', 'copyIn'] as const) {
    t.test(`what the table calls a violation in ${phase}, and nothing else, ends a session there`, async (t) => {
      for (const [name, type, body] of sound) {
        const { act, next } = step(phase, type);
        const client = await enter(phase);
        client.send(frame(type, body));
        if (type === frontend.Query && act === 'accept') await client.readUntil('I');
        const { isClosed, violations } = await outcome(client);
        const { message } = violation(phase, type);
        const [first, ...others] = violations;
        t.equal(isClosed, next === 'closed', `${name}: closed`);
        t.equal(first !== undefined, act === 'violation', `${name}: violation`);
        if (first !== undefined) t.equal(first, `${phase === 'copyIn' ? 'ERROR' : 'FATAL'} 08P01 ${message}`);
        if (phase === 'copyIn' && first !== undefined) t.strictSame(others, [`FATAL 08P01 ${synchronizationLost}`]);
      }
    });
  }

  t.test('a COPY in a batch ends where the table says', async (t) => {
    const begin = [query('create temp table t (a int)'), parse('copy t from stdin'), bind(), execute(), flush];
    const types = async (...frames: Buffer[]): Promise<string> => {
      const client = await connect();
      client.send(...begin);
      await client.readUntil('G');
      client.send(...frames, sync());
      const reply = await client.readUntilReady();
      return reply.types;
    };
    const select = [parse('select 1'), bind(), execute()];
    t.equal(step('copyIn', frontend.CopyDone, 'batch').next, 'batch');
    t.equal(await types(copyData('1\n'), copyDone(), ...select), 'C12DCZ', 'CopyDone leads back into the batch');
    t.equal(step('copyIn', frontend.CopyFail, 'batch').next, 'skipToSync');
    t.equal(await types(frame(frontend.CopyFail, 'no\0'), ...select), 'EZ', 'CopyFail skips to the Sync');
    t.equal(await types(sync(), flush, copyData('1\n'), copyDone()), 'CZ', 'Sync and Flush are ignored');
  });

  t.test('a message is as long as PostgreSQL lets it be, and not a byte longer', async (t) => {
    const longest = frame(
      frontend.Execute,
      Buffer.concat([Buffer.alloc(smallBodyBytesMax - 5, 0x61), bytes`00 00000000`]),
    );
    const client = await connect();
    client.send(longest, sync());
    t.match(
      errorsIn((await client.readUntilReady()).messages),
      [/ERROR 34000 /],
      'it was read: there is no such portal',
    );
    client.send(frame(frontend.Execute, Buffer.alloc(smallBodyBytesMax + 1)), sync());
    t.strictSame((await client.readUntilClosed()).messages, [], 'it was not, and nothing was said');
  });

  t.test('start-up packets are taken and refused alike, and silence is silence', async (t) => {
    const length = (body: Buffer): Buffer => Buffer.concat([frame(0, body).subarray(1)]);
    const packets: Record<string, Buffer> = {
      'no list': bytes`00030000`,
      'a value without its end': bytes`00030000 'user' 00 'bob'`,
      'no terminator': bytes`00030000 'user' 00 'bob' 00`,
      'a name without a value': bytes`00030000 'user' 00 'bob' 00 'x' 00`,
      'something behind the terminator': bytes`00030000 'user' 00 'bob' 00 00 'x' 00`,
      'too short a key': bytes`04d2162e 00000001 01`,
      'too short for a version': bytes`000300`,
    };
    for (const [what, body] of Object.entries(packets)) {
      const client = await dial();
      client.send(length(body));
      const { messages } = await client.readUntilClosed();
      let ours: string[] = [];
      try {
        decodeStartupPacket(body);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        if (!error.isSilent) ours = [`FATAL ${error.sqlstate} ${error.message}`];
      }
      t.strictSame(errorsIn(messages), ours, what);
    }
    const long = await dial();
    long.send(length(Buffer.alloc(startupBodyBytesMax + 1)));
    t.strictSame((await long.readUntilClosed()).messages, [], 'one byte too long');
  });

  t.test('what PostgreSQL sends is the same, byte for byte, when it was decoded and encoded', async (t) => {
    const seen = new Set<string>();
    const check = ({ type, body }: RawMessage): void => {
      const code = type.charCodeAt(0);
      const decoded = decodeBackendMessage(code, body);
      seen.add(decoded.name);
      const encode = encoders[decoded.name] as ((w: MessageWriter, m: unknown) => void) | undefined;
      const writer = new MessageWriter();
      if (encode === undefined) writer.start(code).end();
      else encode(writer, decoded.message);
      t.equal(writer.take().toString('hex'), frame(code, body).toString('hex'), decoded.name);
    };
    const client = await dial();
    const greeting = await client.login({ user: server.superuser, database: 'postgres', password: server.password });
    greeting.messages.forEach(check);
    const script = [
      "create temp table t (a int constraint positive check (a > 0), b text unique); insert into t values (1, 'é')",
      'select *, null, ctid from t',
      "insert into t values (-1, 'x')",
      "insert into t values (1, 'é')",
      "do $$ begin raise notice 'n' using hint = 'h', detail = 'd', column = 'c', datatype = 'y'; end $$",
      'do $$ begin execute $q$ selec $q$; end $$',
      "listen c; notify c, 'p'",
      "set application_name = 'é'",
      'copy t to stdout',
      'copy (select 1) to stdout (format binary)',
      '',
      'select 1; select 1/0',
    ];
    for (const sql of script) (await client.ask(sql)).messages.forEach(check);
    client.send(query('copy t from stdin'), copyData('2\tz\n'), copyDone());
    (await client.readUntilReady()).messages.forEach(check);
    client.send(parse('select b, a from t where a > $1 or b = $2', 's', [23]), frame(frontend.Describe, 'Ss\0'));
    client.send(bind({ statement: 's', values: ['0', null], resultFormats: [0, 1] }), frame(frontend.Describe, 'P\0'));
    client.send(execute('', 1), frame(frontend.Close, 'Ss\0'), parse('set geqo = on'), frame(frontend.Describe, 'S\0'));
    client.send(sync());
    (await client.readUntilReady()).messages.forEach(check);
    client.send(frame(frontend.FunctionCall, bytes`000000b1 0001 0001 0002 00000004 00000001 00000004 00000002 0001`));
    (await client.readUntilReady()).messages.forEach(check);

    const unseen = Object.keys(backend).filter((name) => !seen.has(name));
    t.strictSame(unseen.sort(), ['CopyBothResponse', 'NegotiateProtocolVersion'], 'these it had no reason to send');
  });
});
