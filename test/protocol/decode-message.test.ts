import t from 'tap';
import { decodeBackendMessage, decodeFrontendMessage } from '../../protocol/decode-message.js';
import { type BackendName, backend, type FrontendName, frontend } from '../../protocol/message-types.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import { bytes } from './support/bytes.js';

/** A good body of each message. */
const fromClient: Readonly<Record<FrontendName, [Buffer, unknown]>> = {
  Bind: [
    bytes`00 00 0000 0000 0000`,
    { portal: '', statement: '', parameterFormats: [], parameters: [], resultFormats: [] },
  ],
  Close: [bytes`'P' 00`, { target: 'portal', name: '' }],
  CopyData: [bytes`'a'`, { data: Buffer.from('a') }],
  CopyDone: [bytes``, undefined],
  CopyFail: [bytes`'no' 00`, { reason: 'no' }],
  Describe: [bytes`'S' 's' 00`, { target: 'statement', name: 's' }],
  Execute: [bytes`00 00000001`, { portal: '', rowsMax: 1 }],
  Flush: [bytes``, undefined],
  FunctionCall: [
    bytes`00000001 0000 0000 0000`,
    { functionOid: 1, argumentFormats: [], arguments: [], resultFormat: 0 },
  ],
  Parse: [bytes`00 00 0000`, { statement: '', query: '', parameterTypes: [] }],
  PasswordMessage: [bytes`'secret' 00`, { data: Buffer.from('secret\0') }],
  Query: [bytes`'q' 00`, { query: 'q' }],
  Sync: [bytes``, undefined],
  Terminate: [bytes``, undefined],
};

const fromUpstream: Readonly<Record<BackendName, [Buffer, unknown]>> = {
  Authentication: [bytes`00000000`, { kind: 'ok' }],
  BackendKeyData: [bytes`00000001 01020304`, { processId: 1, secretKey: Buffer.of(1, 2, 3, 4) }],
  BindComplete: [bytes``, undefined],
  CloseComplete: [bytes``, undefined],
  CommandComplete: [bytes`'BEGIN' 00`, { tag: 'BEGIN' }],
  CopyBothResponse: [bytes`00 0000`, { format: 0, columnFormats: [] }],
  CopyData: [bytes`'a'`, { data: Buffer.from('a') }],
  CopyDone: [bytes``, undefined],
  CopyInResponse: [bytes`00 0000`, { format: 0, columnFormats: [] }],
  CopyOutResponse: [bytes`00 0000`, { format: 0, columnFormats: [] }],
  DataRow: [bytes`0000`, { values: [] }],
  EmptyQueryResponse: [bytes``, undefined],
  ErrorResponse: [bytes`'SERROR' 00 'C42601' 00 'Mm' 00 00`, { severity: 'ERROR', sqlstate: '42601', message: 'm' }],
  FunctionCallResponse: [bytes`ffffffff`, { result: null }],
  NegotiateProtocolVersion: [bytes`00030000 00000000`, { major: 3, minor: 0, options: [] }],
  NoData: [bytes``, undefined],
  NoticeResponse: [bytes`'SINFO' 00 'C00000' 00 'Mm' 00 00`, { severity: 'INFO', sqlstate: '00000', message: 'm' }],
  NotificationResponse: [bytes`00000001 'c' 00 00`, { processId: 1, channel: 'c', payload: '' }],
  ParameterDescription: [bytes`0000`, { typeOids: [] }],
  ParameterStatus: [bytes`'n' 00 'v' 00`, { name: 'n', value: 'v' }],
  ParseComplete: [bytes``, undefined],
  PortalSuspended: [bytes``, undefined],
  ReadyForQuery: [bytes`'I'`, { status: 'I' }],
  RowDescription: [bytes`0000`, { fields: [] }],
};

t.test('every message of a client is decoded by its own decoder', async (t) => {
  for (const [name, [body, message]] of Object.entries(fromClient)) {
    t.strictSame(decodeFrontendMessage(frontend[name as FrontendName], body), { name, message }, name);
  }
});

t.test('every message of an upstream is decoded by its own decoder', async (t) => {
  for (const [name, [body, message]] of Object.entries(fromUpstream)) {
    t.strictSame(decodeBackendMessage(backend[name as BackendName], body), { name, message }, name);
  }
});

t.test('a type that no message has is fatal', async (t) => {
  t.throws(() => decodeFrontendMessage(0x21, bytes``), { message: 'invalid frontend message type 33', fatal: true });
  t.throws(() => decodeBackendMessage(0x21, bytes``), { message: 'invalid backend message type 33', fatal: true });
});

t.test('a body where none belongs is an error, but PostgreSQL does not look at CopyDone and Terminate', async (t) => {
  for (const name of ['Sync', 'Flush'] as const) {
    t.throws(() => decodeFrontendMessage(frontend[name], bytes`00`), ProtocolError, name);
  }
  for (const name of ['CopyDone', 'Terminate'] as const) {
    t.equal(decodeFrontendMessage(frontend[name], bytes`00`).message, undefined, name);
  }
  t.throws(() => decodeBackendMessage(backend.ParseComplete, bytes`00`), ProtocolError);
});
