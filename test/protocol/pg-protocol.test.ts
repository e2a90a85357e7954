import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import type { DatabaseError } from 'pg-protocol';
import t from 'tap';
import { MessageWriter } from '../../protocol/message-writer.js';
import * as auth from '../../protocol/messages/authentication.js';
import { encodeBackendKeyData } from '../../protocol/messages/backend-key-data.js';
import { encodeBind } from '../../protocol/messages/bind.js';
import * as bodiless from '../../protocol/messages/bodiless.js';
import { encodeClose } from '../../protocol/messages/close.js';
import { encodeCommandComplete } from '../../protocol/messages/command-complete.js';
import { encodeCopyData } from '../../protocol/messages/copy-data.js';
import { encodeCopyFail } from '../../protocol/messages/copy-fail.js';
import { encodeCopyInResponse, encodeCopyOutResponse } from '../../protocol/messages/copy-response.js';
import { encodeDataRow } from '../../protocol/messages/data-row.js';
import { encodeDescribe } from '../../protocol/messages/describe.js';
import { encodeErrorResponse } from '../../protocol/messages/error-response.js';
import { encodeExecute } from '../../protocol/messages/execute.js';
import { encodeNoticeResponse } from '../../protocol/messages/notice-response.js';
import { encodeNotificationResponse } from '../../protocol/messages/notification-response.js';
import { encodeParameterDescription } from '../../protocol/messages/parameter-description.js';
import { encodeParameterStatus } from '../../protocol/messages/parameter-status.js';
import { encodeParse } from '../../protocol/messages/parse.js';
import { encodePasswordMessage } from '../../protocol/messages/password-message.js';
import { encodeQuery } from '../../protocol/messages/query.js';
import { encodeReadyForQuery } from '../../protocol/messages/ready-for-query.js';
import { encodeRowDescription } from '../../protocol/messages/row-description.js';
import { encodeSASLInitialResponse } from '../../protocol/messages/sasl-initial-response.js';
import { encodeSASLResponse } from '../../protocol/messages/sasl-response.js';
import { encodeCancelRequest, encodeSSLRequest, encodeStartupMessage } from '../../protocol/startup-packet.js';

/*
 * node-postgres' own protocol package as a second opinion: what it writes is what we write, and it reads what we send.
 */

// Its ESM entry isn't marked as such, so that not every loader takes it for one.
const { parse, serialize } = createRequire(import.meta.url)('pg-protocol') as typeof import('pg-protocol');

const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => !value.includes('\0'));
const oid = fc.integer({ min: 0, max: 0x7fffffff });

function written(write: (writer: MessageWriter) => void): Buffer {
  const writer = new MessageWriter();
  write(writer);
  return writer.take();
}

type Message = Parameters<Parameters<typeof parse>[1]>[0];

async function read(...frames: readonly Buffer[]): Promise<Message[]> {
  const messages: Message[] = [];
  await parse(Readable.from([Buffer.concat(frames)]), (message) => messages.push(message));
  return messages;
}

t.test('we write what node-postgres writes: start-up and authentication', async (t) => {
  t.strictSame(written(encodeSSLRequest), serialize.requestSsl());
  const key = Buffer.of(0x7e, 1, 2, 3);
  t.strictSame(
    written((w) => encodeCancelRequest(w, { processId: 77, secretKey: key })),
    serialize.cancel(77, key.readInt32BE()),
  );
  const parameters = { user: 'bob', database: 'shop', application_name: 'é' };
  const withEncoding = [...Object.entries(parameters), ['client_encoding', 'UTF8']] as [string, string][];
  t.strictSame(
    written((w) => encodeStartupMessage(w, { minor: 0, parameters: withEncoding })),
    serialize.startup(parameters),
  );
  const same = fc.property(text, text, (one, other) => {
    assert.deepEqual(
      written((w) => encodePasswordMessage(w, { password: one })),
      serialize.password(one),
    );
    assert.deepEqual(
      written((w) => encodeSASLInitialResponse(w, { mechanism: one, response: Buffer.from(other) })),
      serialize.sendSASLInitialResponseMessage(one, other),
    );
    assert.deepEqual(
      written((w) => encodeSASLResponse(w, { response: Buffer.from(one) })),
      serialize.sendSCRAMClientFinalMessage(one),
    );
  });
  t.doesNotThrow(() => fc.assert(same));
});

t.test('we write what node-postgres writes: queries', async (t) => {
  const same = fc.property(text, text, fc.array(oid, { maxLength: 5 }), oid, (name, query, types, rows) => {
    assert.deepEqual(
      written((w) => encodeQuery(w, { query })),
      serialize.query(query),
    );
    assert.deepEqual(
      written((w) => encodeParse(w, { statement: name, query, parameterTypes: types })),
      serialize.parse({ name, text: query, types }),
    );
    assert.deepEqual(
      written((w) => encodeExecute(w, { portal: name, rowsMax: rows })),
      serialize.execute({ portal: name, rows }),
    );
    for (const [target, type] of [
      ['statement', 'S'],
      ['portal', 'P'],
    ] as const) {
      assert.deepEqual(
        written((w) => encodeDescribe(w, { target, name })),
        serialize.describe({ type, name }),
      );
      assert.deepEqual(
        written((w) => encodeClose(w, { target, name })),
        serialize.close({ type, name }),
      );
    }
    assert.deepEqual(
      written((w) => encodeCopyData(w, { data: Buffer.from(query) })),
      serialize.copyData(Buffer.from(query)),
    );
    assert.deepEqual(
      written((w) => encodeCopyFail(w, { reason: query })),
      serialize.copyFail(query),
    );
  });
  t.doesNotThrow(() => fc.assert(same));
  t.strictSame(bodiless.syncFrame, serialize.sync());
  t.strictSame(bodiless.flushFrame, serialize.flush());
  t.strictSame(bodiless.terminateFrame, serialize.end());
  t.strictSame(bodiless.copyDoneFrame, serialize.copyDone());
});

t.test('we write what node-postgres writes: Bind', async (t) => {
  const value = fc.option(
    fc.oneof(
      text,
      fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
    ),
    {
      nil: null,
    },
  );
  const same = fc.property(
    text,
    text,
    fc.array(value, { maxLength: 6 }),
    fc.boolean(),
    (portal, statement, values, binary) => {
      const bind = {
        portal,
        statement,
        parameterFormats: values.map((each) => (Buffer.isBuffer(each) ? 1 : 0)),
        parameters: values.map((each) => (typeof each === 'string' ? Buffer.from(each) : each)),
        resultFormats: [binary ? 1 : 0],
      };
      assert.deepEqual(
        written((w) => encodeBind(w, bind)),
        serialize.bind({ portal, statement, values, binary }),
      );
    },
  );
  t.doesNotThrow(() => fc.assert(same));
});

t.test('node-postgres reads what we send: authentication', async (t) => {
  const salt = Buffer.of(1, 2, 3, 4);
  const messages = await read(
    written(auth.encodeAuthenticationCleartextPassword),
    written((w) => auth.encodeAuthenticationMD5Password(w, salt)),
    written((w) => auth.encodeAuthenticationSASL(w, ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'])),
    written((w) => auth.encodeAuthenticationSASLContinue(w, Buffer.from('r=1'))),
    written((w) => auth.encodeAuthenticationSASLFinal(w, Buffer.from('v=2'))),
    written(auth.encodeAuthenticationOk),
    written((w) => encodeParameterStatus(w, { name: 'TimeZone', value: 'UTC' })),
    written((w) => encodeBackendKeyData(w, { processId: 5, secretKey: salt })),
    written((w) => encodeReadyForQuery(w, { status: 'I' })),
  );
  t.match(messages, [
    { name: 'authenticationCleartextPassword' },
    { name: 'authenticationMD5Password', salt },
    { name: 'authenticationSASL', mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] },
    { name: 'authenticationSASLContinue', data: 'r=1' },
    { name: 'authenticationSASLFinal', data: 'v=2' },
    { name: 'authenticationOk' },
    { name: 'parameterStatus', parameterName: 'TimeZone', parameterValue: 'UTC' },
    { name: 'backendKeyData', processID: 5, secretKey: 0x01020304 },
    { name: 'readyForQuery', status: 'I' },
  ]);
});

t.test('node-postgres reads what we send: results', async (t) => {
  const field = { tableOid: 1, columnNumber: 2, typeOid: 25, typeSize: -1, typeModifier: 8, format: 1 };
  const messages = await read(
    bodiless.parseCompleteFrame,
    bodiless.bindCompleteFrame,
    bodiless.closeCompleteFrame,
    bodiless.noDataFrame,
    bodiless.portalSuspendedFrame,
    bodiless.emptyQueryResponseFrame,
    bodiless.copyDoneFrame,
    written((w) => encodeParameterDescription(w, { typeOids: [23, 25] })),
    written((w) => encodeRowDescription(w, { fields: [{ name: 'né', ...field }] })),
    written((w) => encodeDataRow(w, { values: [Buffer.from('x'), null, Buffer.alloc(0)] })),
    written((w) => encodeCommandComplete(w, { tag: 'SELECT 1' })),
    written((w) => encodeCopyInResponse(w, { format: 0, columnFormats: [0, 0] })),
    written((w) => encodeCopyOutResponse(w, { format: 1, columnFormats: [1] })),
    written((w) => encodeCopyData(w, { data: Buffer.from('row') })),
    written((w) => encodeNotificationResponse(w, { processId: 9, channel: 'c', payload: 'p' })),
  );
  t.match(messages, [
    { name: 'parseComplete' },
    { name: 'bindComplete' },
    { name: 'closeComplete' },
    { name: 'noData' },
    { name: 'portalSuspended' },
    { name: 'emptyQuery' },
    { name: 'copyDone' },
    { name: 'parameterDescription', dataTypeIDs: [23, 25] },
    {
      name: 'rowDescription',
      fields: [
        {
          name: 'né',
          tableID: 1,
          columnID: 2,
          dataTypeID: 25,
          dataTypeSize: -1,
          dataTypeModifier: 8,
          format: 'binary',
        },
      ],
    },
    { name: 'dataRow', fields: ['x', null, ''] },
    { name: 'commandComplete', text: 'SELECT 1' },
    { name: 'copyInResponse', binary: false, columnTypes: [0, 0] },
    { name: 'copyOutResponse', binary: true, columnTypes: [1] },
    { name: 'copyData', chunk: Buffer.from('row') },
    { name: 'notification', processId: 9, channel: 'c', payload: 'p' },
  ]);
});

t.test('node-postgres reads what we send: every field of an error and a notice', async (t) => {
  const fields = {
    severity: 'ERROR',
    severityNonLocalized: 'ERROR',
    sqlstate: '23505',
    message: 'm',
    detail: 'd',
    hint: 'h',
    where: 'w',
    schema: 's',
    table: 't',
    column: 'c',
    dataType: 'y',
    constraint: 'n',
    position: '8',
    internalPosition: '9',
    internalQuery: 'q',
    file: 'f',
    line: '1',
    routine: 'r',
  };
  const { sqlstate, severityNonLocalized: _, ...others } = fields;
  const messages = await read(
    written((w) => encodeErrorResponse(w, fields)),
    written((w) => encodeNoticeResponse(w, fields)),
  );
  for (const message of messages as unknown as DatabaseError[]) t.match(message, { code: sqlstate, ...others });
  t.strictSame(
    messages.map(({ name }) => name),
    ['error', 'notice'],
  );
});
