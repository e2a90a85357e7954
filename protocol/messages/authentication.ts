import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { ProtocolError } from '../protocol-error.js';

/** What the int32 at the body's beginning says (PG 55.7, and pqcomm.h for those no longer documented). */
const codes = {
  ok: 0,
  kerberosV5: 2,
  cleartextPassword: 3,
  md5Password: 5,
  scmCredential: 6,
  gss: 7,
  gssContinue: 8,
  sspi: 9,
  sasl: 10,
  saslContinue: 11,
  saslFinal: 12,
} as const;

const md5SaltBytes = 4;

/** The upstream's half of authentication. Buffers are views of the body. */
export type Authentication =
  | { readonly kind: 'ok' }
  | { readonly kind: 'cleartextPassword' }
  | { readonly kind: 'md5Password'; readonly salt: Buffer }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'saslContinue'; readonly data: Buffer }
  | { readonly kind: 'saslFinal'; readonly data: Buffer }
  | UnsupportedAuthentication;

/** A method that is known by name but not spoken here: to be refused, and the name said. */
export interface UnsupportedAuthentication {
  readonly kind: 'unsupported';
  readonly method: 'KerberosV5' | 'SCM' | 'GSS' | 'SSPI';
}

/** Throws `ProtocolError` 08P01 for a request that no version of PostgreSQL makes. */
export function decodeAuthentication(body: Buffer): Authentication {
  const reader = new BodyReader(body);
  const code = reader.int32();
  const message = decodeByCode(code, reader);
  if (message.kind !== 'unsupported') reader.expectEnd();
  return message;
}

export function encodeAuthenticationOk(writer: MessageWriter): void {
  writer.start(backend.Authentication).int32(codes.ok).end();
}

export function encodeAuthenticationCleartextPassword(writer: MessageWriter): void {
  writer.start(backend.Authentication).int32(codes.cleartextPassword).end();
}

/** `salt` has 4 bytes. */
export function encodeAuthenticationMD5Password(writer: MessageWriter, salt: Uint8Array): void {
  if (salt.length !== md5SaltBytes) throw new RangeError(`a salt of ${salt.length} bytes`);
  writer.start(backend.Authentication).int32(codes.md5Password).bytes(salt).end();
}

/** Mechanisms in the server's order of preference. */
export function encodeAuthenticationSASL(writer: MessageWriter, mechanisms: readonly string[]): void {
  writer.start(backend.Authentication).int32(codes.sasl);
  for (const mechanism of mechanisms) {
    // An empty name would end the list.
    if (mechanism === '') throw new RangeError('a SASL mechanism needs a name');
    writer.cstring(mechanism);
  }
  writer.uint8(0).end();
}

export function encodeAuthenticationSASLContinue(writer: MessageWriter, data: Uint8Array): void {
  writer.start(backend.Authentication).int32(codes.saslContinue).bytes(data).end();
}

export function encodeAuthenticationSASLFinal(writer: MessageWriter, data: Uint8Array): void {
  writer.start(backend.Authentication).int32(codes.saslFinal).bytes(data).end();
}

function decodeByCode(code: number, reader: BodyReader): Authentication {
  switch (code) {
    case codes.ok:
      return { kind: 'ok' };
    case codes.cleartextPassword:
      return { kind: 'cleartextPassword' };
    case codes.md5Password:
      return { kind: 'md5Password', salt: reader.bytes(md5SaltBytes) };
    case codes.sasl:
      return { kind: 'sasl', mechanisms: decodeMechanisms(reader) };
    case codes.saslContinue:
      return { kind: 'saslContinue', data: reader.rest() };
    case codes.saslFinal:
      return { kind: 'saslFinal', data: reader.rest() };
    case codes.kerberosV5:
      return { kind: 'unsupported', method: 'KerberosV5' };
    case codes.scmCredential:
      return { kind: 'unsupported', method: 'SCM' };
    case codes.gss:
    case codes.gssContinue:
      return { kind: 'unsupported', method: 'GSS' };
    case codes.sspi:
      return { kind: 'unsupported', method: 'SSPI' };
    default:
      throw new ProtocolError('08P01', `authentication method ${code} not supported`, { fatal: true });
  }
}

function decodeMechanisms(reader: BodyReader): string[] {
  const mechanisms: string[] = [];
  for (let name = reader.cstring(); name !== ''; name = reader.cstring()) mechanisms.push(name);
  return mechanisms;
}
