import { readFileSync } from 'node:fs';

/** A statement of a list in a file. */
export interface ListedStatement {
  readonly text: string;
  readonly params: readonly unknown[];
  /** The same for what has no keys and defaults, where it hangs on them. */
  readonly onViews: string;
  /** Why it is refused, as `-- refused: 0A000 what`. Null: it isn't. */
  readonly refused: string | null;
}

/**
 * The statements of a file: each ends in a semicolon at the end of a line. Comments of their own lines before it say
 * what else is to know: `-- params: ["a", 1]` as JSON, `-- refused:`, `-- on views:`; all others are its own.
 */
export function readStatements(file: string): ListedStatement[] {
  const parts = readFileSync(file, 'utf8').split(/;\n/);
  return parts.filter((part) => part.trim() !== '').map(readStatement);
}

function readStatement(part: string): ListedStatement {
  const noted = (name: string) => new RegExp(`^-- ${name}: (.*)$`, 'm').exec(part)?.[1] ?? null;
  const text = part.replace(/^-- (?:params|refused|on views): .*\n/gm, '').trim();
  return {
    text,
    onViews: noted('on views') ?? text,
    params: JSON.parse(noted('params') ?? '[]') as unknown[],
    refused: noted('refused'),
  };
}
