/** The rows of the README's table that has the columns situation, SQLSTATE and severity, as `situation | SQLSTATE | severity`. */
export function readErrorTable(readme: string): string[] {
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''));
  const lines = readme.split('\n');
  const head = lines.findIndex((line) => /^\|/.test(line) && /\bSQLSTATE\b/i.test(line));
  if (head < 0) return [];
  const names = cells(lines[head] ?? '').map((name) => name.toLowerCase());
  const columns = ['situation', 'sqlstate', 'severity'].map((name) => names.indexOf(name));
  if (columns.includes(-1))
    throw new Error('the README’s error table needs the columns Situation, SQLSTATE and Severity');
  const below = lines.slice(head + 2);
  const end = below.findIndex((line) => !line.startsWith('|'));
  return below
    .slice(0, end < 0 ? undefined : end)
    .map((line) => columns.map((column) => cells(line)[column]).join(' | '));
}
