import { ProxyError } from '../errors/proxy-error.js';

/**
 * Reads `a=value,b=value` from the front, a byte at a time like PostgreSQL, so that what is malformed is malformed in
 * PostgreSQL's words (`auth-scram.c`). The text is Latin-1: a character is a byte.
 */
export class AttributeReader {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  /** The character here without taking it; empty at the end. */
  peek(): string {
    return this.text.charAt(this.position);
  }

  skip(): void {
    this.position++;
  }

  /** The value of the one attribute that may stand here. */
  value(attribute: string): string {
    if (this.peek() !== attribute) {
      throw malformed(`Expected attribute "${attribute}" but found "${printable(this.peek())}".`);
    }
    return this.#valueAfter(attribute);
  }

  /** Whatever attribute stands here. */
  any(): { attribute: string; value: string } {
    const attribute = this.peek();
    if (attribute === '') throw malformed('Attribute expected, but found end of string.');
    if (!/[A-Za-z]/.test(attribute)) {
      throw malformed(`Attribute expected, but found invalid character "${printable(attribute)}".`);
    }
    return { attribute, value: this.#valueAfter(attribute) };
  }

  #valueAfter(attribute: string): string {
    this.skip();
    if (this.peek() !== '=') throw malformed(`Expected character "=" for attribute "${attribute}".`);
    const start = this.position + 1;
    const comma = this.text.indexOf(',', start);
    const end = comma === -1 ? this.text.length : comma;
    this.position = comma === -1 ? end : end + 1;
    return this.text.slice(start, end);
  }
}

export function malformed(detail: string): ProxyError {
  return new ProxyError('protocolViolation', 'malformed SCRAM message', { detail });
}

/** A single character for an error message; the end of the text is the NUL that it would be in C. */
export function printable(character: string): string {
  if (/^[!-~]$/.test(character)) return `'${character}'`;
  const code = character === '' ? 0 : character.charCodeAt(0);
  return `0x${code.toString(16).padStart(2, '0')}`;
}
