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

/** A number with three decimals at most; null for what JSON has no number for. */
export function decimal(value: number | null): string {
  return value !== null && Number.isFinite(value) ? String(Math.round(value * 1_000) / 1_000) : 'null';
}

function escapeCodeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
