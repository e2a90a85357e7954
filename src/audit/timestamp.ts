let second = Number.NaN;
let upToSecond = '';

/** ISO 8601 in UTC with milliseconds. A formatted second is kept, since many events fall into the same one. */
export function timestamp(epochMs: number): string {
  const wholeSecond = Math.floor(epochMs / 1_000);
  if (wholeSecond !== second) {
    second = wholeSecond;
    upToSecond = new Date(wholeSecond * 1_000).toISOString().slice(0, -4);
  }
  const milliseconds = String(Math.floor(epochMs - wholeSecond * 1_000)).padStart(3, '0');
  return `${upToSecond}${milliseconds}Z`;
}
