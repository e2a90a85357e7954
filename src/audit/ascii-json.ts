const beyondAscii = /[\u007f-\uffff]/g;

/**
 * A text as a JSON string of printable ASCII, quotes included. Whatever the text holds, what comes out is one line for
 * every reader (line separators and control characters are escaped, lone surrogates too) and as many bytes as
 * characters. Longer texts are cut.
 */
export function quote(text: string, charactersMax: number): string {
  const kept = text.length > charactersMax ? text.slice(0, charactersMax) : text;
  return JSON.stringify(kept).replace(beyondAscii, escapeCodeUnit);
}

export function quoteOrNull(text: string | null, charactersMax: number): string {
  return text === null ? 'null' : quote(text, charactersMax);
}

/** `.001` to `.999`, as short as they can be written; nothing for 0. */
const fractions = Array.from({ length: 1000 }, (_, at) => (at === 0 ? '' : String(at / 1000).slice(1)));

/**
 * A number with three decimals at most; null for what JSON has no number for. Put together from whole numbers, which
 * become text several times faster than fractions do.
 */
export function decimal(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'null';
  const thousandths = Math.round(value * 1_000);
  if (thousandths < 0 || thousandths > Number.MAX_SAFE_INTEGER) return String(thousandths / 1_000);
  const rest = thousandths % 1_000;
  return (thousandths - rest) / 1_000 + (fractions[rest] as string);
}

function escapeCodeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
