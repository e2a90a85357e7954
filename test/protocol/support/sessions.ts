import fc from 'fast-check';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeAuthenticationOk, encodeAuthenticationSASL } from '../../../protocol/messages/authentication.js';
import { encodeBackendKeyData } from '../../../protocol/messages/backend-key-data.js';
import { encodeBind } from '../../../protocol/messages/bind.js';
import * as bodiless from '../../../protocol/messages/bodiless.js';
import { encodeClose } from '../../../protocol/messages/close.js';
import { encodeCommandComplete } from '../../../protocol/messages/command-complete.js';
import { encodeCopyData } from '../../../protocol/messages/copy-data.js';
import { encodeCopyFail } from '../../../protocol/messages/copy-fail.js';
import { encodeCopyOutResponse } from '../../../protocol/messages/copy-response.js';
import { encodeDataRow } from '../../../protocol/messages/data-row.js';
import { encodeDescribe } from '../../../protocol/messages/describe.js';
import { encodeErrorResponse } from '../../../protocol/messages/error-response.js';
import { encodeExecute } from '../../../protocol/messages/execute.js';
import { encodeFunctionCall } from '../../../protocol/messages/function-call.js';
import { encodeNegotiateProtocolVersion } from '../../../protocol/messages/negotiate-protocol-version.js';
import { encodeNoticeResponse } from '../../../protocol/messages/notice-response.js';
import { encodeNotificationResponse } from '../../../protocol/messages/notification-response.js';
import { encodeParameterDescription } from '../../../protocol/messages/parameter-description.js';
import { encodeParameterStatus } from '../../../protocol/messages/parameter-status.js';
import { encodeParse } from '../../../protocol/messages/parse.js';
import { encodePasswordMessage } from '../../../protocol/messages/password-message.js';
import { encodeQuery } from '../../../protocol/messages/query.js';
import { encodeReadyForQuery } from '../../../protocol/messages/ready-for-query.js';
import { encodeRowDescription } from '../../../protocol/messages/row-description.js';
import { encodeStartupMessage } from '../../../protocol/startup-packet.js';

function written(write: (writer: MessageWriter) => void): Buffer {
  const writer = new MessageWriter();
  write(writer);
  return writer.take();
}

const error = { severity: 'ERROR', sqlstate: '42601', message: 'syntax error', position: '8' };
const field = { tableOid: 0, columnNumber: 0, typeOid: 25, typeSize: -1, typeModifier: -1, format: 0 };
const bind = { portal: '', statement: 's', parameterFormats: [], parameters: [Buffer.from('1'), null] };

/** Messages that a client sends once it is in, in no order. The text and the portal `copy...` stand for a COPY. */
const clientFrames: readonly Buffer[] = [
  written((w) => encodeQuery(w, { query: 'select 1' })),
  written((w) => encodeQuery(w, { query: 'copy t from stdin' })),
  written((w) => encodeQuery(w, { query: `select '${'x'.repeat(3000)}'` })),
  written((w) => encodeParse(w, { statement: 's', query: 'select $1, $2', parameterTypes: [23, 25] })),
  written((w) => encodeBind(w, { ...bind, resultFormats: [1] })),
  written((w) => encodeDescribe(w, { target: 'statement', name: 's' })),
  written((w) => encodeExecute(w, { portal: '', rowsMax: 0 })),
  written((w) => encodeExecute(w, { portal: 'copy', rowsMax: 0 })),
  written((w) => encodeClose(w, { target: 'portal', name: '' })),
  written((w) =>
    encodeFunctionCall(w, { functionOid: 952, argumentFormats: [1], arguments: [Buffer.alloc(4)], resultFormat: 1 }),
  ),
  written((w) => encodeCopyData(w, { data: Buffer.from('1\t2\n') })),
  written((w) => encodeCopyFail(w, { reason: 'no more' })),
  bodiless.copyDoneFrame,
  bodiless.syncFrame,
  bodiless.flushFrame,
];

/** What a server sends, in no order. */
const upstreamFrames: readonly Buffer[] = [
  written(encodeAuthenticationOk),
  written((w) => encodeAuthenticationSASL(w, ['SCRAM-SHA-256'])),
  written((w) => encodeNegotiateProtocolVersion(w, { major: 3, minor: 0, options: ['_pq_.x'] })),
  written((w) => encodeParameterStatus(w, { name: 'TimeZone', value: 'UTC' })),
  written((w) => encodeBackendKeyData(w, { processId: 1, secretKey: Buffer.alloc(4) })),
  written((w) => encodeReadyForQuery(w, { status: 'T' })),
  written((w) => encodeRowDescription(w, { fields: [{ name: 'a', ...field }] })),
  written((w) => encodeDataRow(w, { values: [Buffer.from('x'), null] })),
  written((w) => encodeDataRow(w, { values: [Buffer.alloc(3000, 0x61)] })),
  written((w) => encodeCommandComplete(w, { tag: 'SELECT 1' })),
  written((w) => encodeErrorResponse(w, error)),
  written((w) => encodeNoticeResponse(w, error)),
  written((w) => encodeNotificationResponse(w, { processId: 1, channel: 'c', payload: 'p' })),
  written((w) => encodeParameterDescription(w, { typeOids: [23, 25] })),
  written((w) => encodeCopyOutResponse(w, { format: 0, columnFormats: [0] })),
  written((w) => encodeCopyData(w, { data: Buffer.from('row\n') })),
  bodiless.copyDoneFrame,
  bodiless.parseCompleteFrame,
  bodiless.bindCompleteFrame,
  bodiless.noDataFrame,
];

const login = Buffer.concat([
  written((w) => encodeStartupMessage(w, { minor: 2, parameters: Object.entries({ user: 'u', database: 'd' }) })),
  written((w) => encodePasswordMessage(w, { password: 'secret' })),
]);

/** All that one client sends in its life, as it should be. */
export const clientSession: fc.Arbitrary<Buffer> = fc
  .array(fc.constantFrom(...clientFrames), { maxLength: 12 })
  .map((frames) => Buffer.concat([login, ...frames, bodiless.terminateFrame]));

/** A session without a fault: a query, a batch, a COPY, goodbye. */
export const soundSession: Buffer = Buffer.concat([
  login,
  written((w) => encodeQuery(w, { query: 'select 1' })),
  written((w) => encodeParse(w, { statement: 's', query: 'select $1, $2', parameterTypes: [23, 25] })),
  written((w) => encodeBind(w, { ...bind, resultFormats: [1] })),
  written((w) => encodeDescribe(w, { target: 'portal', name: '' })),
  written((w) => encodeExecute(w, { portal: '', rowsMax: 0 })),
  bodiless.syncFrame,
  written((w) => encodeQuery(w, { query: 'copy t from stdin' })),
  written((w) => encodeCopyData(w, { data: Buffer.from('1\t2\n') })),
  bodiless.copyDoneFrame,
  bodiless.terminateFrame,
]);

/** The part of it that ends with the password. */
export const soundLogin: Buffer = login;

/** What an upstream might send. */
export const upstreamSession: fc.Arbitrary<Buffer> = fc
  .array(fc.constantFrom(...upstreamFrames), { maxLength: 15 })
  .map((frames) => Buffer.concat(frames));

/** One thing that goes wrong at `at`, taken modulo the length. */
interface Mutation {
  readonly kind: 'set' | 'insert' | 'delete' | 'length' | 'repeat' | 'cut';
  readonly at: number;
  readonly value: number;
}

const interestingBytes = [0, 1, 3, 4, 0x7f, 0x80, 0xfe, 0xff, 0x51, 0x64, 0x70, 0x58];
const interestingLengths = [0, 3, 4, 5, 0xffff, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff];

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'set', 'insert', 'delete', 'length', 'repeat', 'cut'),
    at: fc.nat(1 << 16),
    value: fc.oneof(fc.nat(255), fc.nat(interestingBytes.length - 1)),
  }),
  { maxLength: 6 },
);

/** Sessions with a few bytes set, put in, left out, doubled, cut off, or turned into a length that lies. */
export function mutated(session: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc.tuple(session, mutations).map(([bytes, list]) => list.reduce(mutate, bytes));
}

function mutate(bytes: Buffer, { kind, at: place, value }: Mutation): Buffer {
  if (bytes.length < 8) return bytes;
  const at = place % (bytes.length - 4);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (kind) {
    case 'set':
      return Buffer.concat([before, Buffer.of(interestingBytes[value] ?? value), after.subarray(1)]);
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(1 + (value % 9), value), after]);
    case 'delete':
      return Buffer.concat([before, after.subarray(1 + (value % 9))]);
    case 'length': {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(interestingLengths[value % interestingLengths.length] ?? value);
      return Buffer.concat([before, length, after.subarray(4)]);
    }
    case 'repeat':
      return Buffer.concat([before, after, after.subarray(0, 64)]);
    case 'cut':
      return before;
  }
}

/** `bytes` in pieces of these sizes, over and over. */
export function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export const pieceSizes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 4000 }), {
  minLength: 1,
  maxLength: 5,
});
