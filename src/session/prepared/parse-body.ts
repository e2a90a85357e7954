import { encodeText } from '../../../protocol/text.js';
import type { Statement } from '../statements/statement.js';
import type { NamedInText } from './named-in-text.js';

/** The Parse message's body behind the name that upstreams get for the one that the client sent. */
export function restToSend(asked: Buffer, { sent }: Statement, named: NamedInText | null): Buffer {
  const text = named?.text ?? (sent === null ? null : encodeText(sent));
  return text === null ? asked : Buffer.concat([text, asked.subarray(asked.indexOf(0))]);
}

const noTypes: readonly number[] = [];

/** The parameter types of a Parse, whose count is at this place; none where the server will say that they are cut short. */
export function parameterTypesAt(body: Buffer, at: number): readonly number[] {
  const types = at + 2 <= body.length ? body.readUInt16BE(at) : 0;
  if (types === 0 || at + 2 + 4 * types > body.length) return noTypes;
  return Array.from({ length: types }, (_, index) => body.readUInt32BE(at + 2 + 4 * index));
}

/** The same of the body behind the name; none where it isn't held. */
export function parameterTypesIn(rest: Buffer | null): readonly number[] {
  return rest === null ? noTypes : parameterTypesAt(rest, rest.indexOf(0) + 1);
}
