/** As much of SVG as two charts take. Coordinates are pixels, from the upper left. */
export class Svg {
  readonly #parts: string[] = [];

  constructor(
    readonly width: number,
    readonly height: number,
  ) {}

  rect(x: number, y: number, width: number, height: number, fill: string): void {
    this.#parts.push(`<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" fill="${fill}"/>`);
  }

  line(
    points: readonly (readonly [number, number])[],
    stroke: string,
    style: { width?: number; dash?: string } = {},
  ): void {
    const path = points.map(([x, y]) => `${at(x)},${at(y)}`).join(' ');
    const dash = style.dash === undefined ? '' : ` stroke-dasharray="${style.dash}"`;
    this.#parts.push(
      `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="${style.width ?? 1}"${dash}/>`,
    );
  }

  dot(x: number, y: number, fill: string): void {
    this.#parts.push(`<circle cx="${at(x)}" cy="${at(y)}" r="4" fill="${fill}"/>`);
  }

  text(
    x: number,
    y: number,
    text: string,
    style: { anchor?: 'start' | 'middle' | 'end'; fill?: string; size?: number } = {},
  ): void {
    const { anchor = 'start', fill = '#222', size = 13 } = style;
    this.#parts.push(
      `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" fill="${fill}" font-size="${size}">${escaped(text)}</text>`,
    );
  }

  toString(): string {
    const { width, height } = this;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
      ' font-family="system-ui, sans-serif">',
      `<rect width="${width}" height="${height}" fill="#fff"/>`,
      ...this.#parts,
      '</svg>\n',
    ].join('\n');
  }
}

/** By contender; the same in every chart. */
export const colours = {
  direct: '#8a8f98',
  PgBouncer: '#d08b2c',
  'no policy': '#7fa7d9',
  pgturnstile: '#1f5fbf',
} as const;

const at = (pixels: number): string => String(Math.round(pixels * 10) / 10);

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
