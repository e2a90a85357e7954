/**
 * Frontend messages as bytes and backend messages as plain values, written down once more and on purpose without
 * `protocol/`: tests that compare the proxy with PostgreSQL must not share its mistakes. PG 55.7 has the layouts.
 */

export interface RawMessage {
  /** The type byte as a character: `Z`. */
  type: string;
  /** What follows the length. */
  body: Buffer;
}

export const int16 = (value: number): Buffer => Buffer.from([(value >> 8) & 0xff, value & 0xff]);

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value | 0);
  return buffer;
}

export const cstring = (text: string | Buffer): Buffer => Buffer.concat([Buffer.from(text), Buffer.from([0])]);

/** A message with the right length: its type, and the parts of its body. */
export function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(body.length + 4), body]);
}

function untyped(...parts: Buffer[]): Buffer {
  return message('', ...parts);
}

const version = (major: number, minor: number): Buffer => int32(major * 65536 + minor);

export const sslRequest = (): Buffer => untyped(version(1234, 5679));
export const gssEncRequest = (): Buffer => untyped(version(1234, 5680));
export const cancelRequest = (processId: number, key: Buffer): Buffer =>
  untyped(version(1234, 5678), int32(processId), key);

export function startupMessage(parameters: Record<string, string>, minor = 0): Buffer {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [cstring(name), cstring(value)]);
  return untyped(version(3, minor), ...pairs, Buffer.from([0]));
}

export const query = (sql: string): Buffer => message('Q', cstring(sql));
export const sync = (): Buffer => message('S');
export const flush = (): Buffer => message('H');
export const terminate = (): Buffer => message('X');
export const password = (text: string): Buffer => message('p', cstring(text));
export const copyData = (data: string | Buffer): Buffer => message('d', Buffer.from(data));
export const copyDone = (): Buffer => message('c');
export const copyFail = (reason: string): Buffer => message('f', cstring(reason));
export const execute = (portal = '', rowsMax = 0): Buffer => message('E', cstring(portal), int32(rowsMax));
export const describe = (kind: 'S' | 'P', name = ''): Buffer => message('D', Buffer.from(kind), cstring(name));
export const close = (kind: 'S' | 'P', name = ''): Buffer => message('C', Buffer.from(kind), cstring(name));

export function parse(sql: string, name = '', parameterTypes: readonly number[] = []): Buffer {
  return message('P', cstring(name), cstring(sql), int16(parameterTypes.length), ...parameterTypes.map(int32));
}

export interface BindFields {
  portal?: string;
  statement?: string;
  values?: readonly (string | Buffer | null)[];
  /** 0 text, 1 binary: none, one for all, or one each. */
  formats?: readonly number[];
  resultFormats?: readonly number[];
}

export function bind(fields: BindFields = {}): Buffer {
  const { portal = '', statement = '', values = [], formats = [], resultFormats = [] } = fields;
  return message(
    'B',
    cstring(portal),
    cstring(statement),
    ...[int16(formats.length), ...formats.map(int16)],
    ...[int16(values.length), ...values.map(lengthPrefixed)],
    ...[int16(resultFormats.length), ...resultFormats.map(int16)],
  );
}

export function functionCall(
  oid: number,
  values: readonly (string | Buffer | null)[],
  formats: readonly number[] = [],
) {
  const all = [int16(values.length), ...values.map(lengthPrefixed)];
  return message('F', int32(oid), int16(formats.length), ...formats.map(int16), ...all, int16(0));
}

function lengthPrefixed(value: string | Buffer | null): Buffer {
  if (value === null) return int32(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([int32(bytes.length), bytes]);
}

/** The fields of an ErrorResponse or NoticeResponse by their letter: `{ S: 'ERROR', C: '42601', M: ... }`. */
export function errorFields(body: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const field of body.toString('utf8').split('\0')) {
    if (field !== '') fields[field.charAt(0)] = field.slice(1);
  }
  return fields;
}

/** The columns of a DataRow as text; null for NULL. */
export function rowValues(body: Buffer): (string | null)[] {
  const values: (string | null)[] = [];
  let offset = 2;
  for (let column = body.readInt16BE(0); column > 0; column -= 1) {
    const length = body.readInt32BE(offset);
    offset += 4;
    values.push(length < 0 ? null : body.toString('utf8', offset, offset + length));
    if (length > 0) offset += length;
  }
  return values;
}
