/** Names and texts as SQL writes them. */

/** An identifier, quoted always: what is a keyword differs between versions. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string literal for where `standard_conforming_strings` is on: a backslash is itself. */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/**
 * A string literal that reads alike whatever `standard_conforming_strings` and the client encoding are: escapes for
 * everything that isn't plain ASCII (PG 4.1.2.2).
 */
export function escapeLiteral(value: string): string {
  const escaped = value.replace(/[^\x20-\x7e]|['\\]/gu, (character) => {
    if (character === "'" || character === '\\') return character + character;
    const point = character.codePointAt(0) as number;
    return point > 0xffff ? `\\U${hex(point, 8)}` : `\\u${hex(point, 4)}`;
  });
  return escaped === value ? `'${value}'` : ` E'${escaped}'`;
}

function hex(point: number, digits: number): string {
  return point.toString(16).padStart(digits, '0');
}
