import { BodyReader } from '../body-reader.js';
import type { MessageWriter } from '../message-writer.js';

/** What ErrorResponse and NoticeResponse say (PG 55.8). Every value is text on the wire. */
export interface ErrorFields {
  /** S: ERROR, FATAL, PANIC; WARNING, NOTICE, DEBUG, INFO, LOG; or a translation. */
  readonly severity: string;
  /** V: the same, never translated. PostgreSQL 9.6 and later. */
  readonly severityNonLocalized?: string;
  /** C */
  readonly sqlstate: string;
  /** M: one line. */
  readonly message: string;
  /** D */
  readonly detail?: string;
  /** H */
  readonly hint?: string;
  /** W: the call stack, a line an entry. */
  readonly where?: string;
  /** s */
  readonly schema?: string;
  /** t */
  readonly table?: string;
  /** c */
  readonly column?: string;
  /** d */
  readonly dataType?: string;
  /** n */
  readonly constraint?: string;
  /** P: in characters of the statement's text, from 1. */
  readonly position?: string;
  /** p: the same in `internalQuery`. */
  readonly internalPosition?: string;
  /** q: a statement that the server made, such as a function's. */
  readonly internalQuery?: string;
  /** F */
  readonly file?: string;
  /** L */
  readonly line?: string;
  /** R */
  readonly routine?: string;
  /** Fields with letters that aren't known here, in their order: to be passed on. */
  readonly unknown?: readonly (readonly [letter: string, value: string])[];
}

type FieldName = Exclude<keyof ErrorFields, 'unknown'>;

/** Letters in the order in which PostgreSQL sends them (send_message_to_frontend in elog.c). */
const letters: readonly (readonly [FieldName, string])[] = [
  ['severity', 'S'],
  ['severityNonLocalized', 'V'],
  ['sqlstate', 'C'],
  ['message', 'M'],
  ['detail', 'D'],
  ['hint', 'H'],
  ['where', 'W'],
  ['schema', 's'],
  ['table', 't'],
  ['column', 'c'],
  ['dataType', 'd'],
  ['constraint', 'n'],
  ['position', 'P'],
  ['internalPosition', 'p'],
  ['internalQuery', 'q'],
  ['file', 'F'],
  ['line', 'L'],
  ['routine', 'R'],
];

const nameByLetter = new Map(letters.map(([name, letter]) => [letter, name]));

/** Of a field that comes twice the last counts. Missing ones that must be there get the value of an internal error. */
export function decodeErrorFields(body: Buffer): ErrorFields {
  const reader = new BodyReader(body);
  const fields: { -readonly [Name in FieldName]?: string } = {};
  const unknown: [string, string][] = [];
  for (let code = reader.uint8(); code !== 0; code = reader.uint8()) {
    const letter = String.fromCharCode(code);
    const value = reader.cstring();
    const name = nameByLetter.get(letter);
    if (name === undefined) unknown.push([letter, value]);
    else fields[name] = value;
  }
  reader.expectEnd();
  const { severity = 'ERROR', sqlstate = 'XX000', message = '', ...others } = fields;
  return {
    severity,
    sqlstate,
    message,
    ...others,
    ...(unknown.length > 0 && { unknown }),
  };
}

/** Writes a whole message of type `type`. A zero byte in a text becomes U+FFFD: an error has to get out. */
export function encodeErrorFields(writer: MessageWriter, type: number, fields: ErrorFields): void {
  writer.start(type);
  for (const [name, letter] of letters) {
    const value = fields[name];
    if (value !== undefined) writer.uint8(letter.charCodeAt(0)).cstring(withoutZero(value));
  }
  for (const [letter, value] of fields.unknown ?? []) writer.uint8(letter.charCodeAt(0)).cstring(withoutZero(value));
  writer.uint8(0).end();
}

function withoutZero(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
}
