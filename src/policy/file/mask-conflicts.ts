import { isSameExpression } from './expression.js';
import { matchesTable, type TablePattern } from './name-pattern.js';
import type { PolicyFile, Rule } from './policy-file.js';

/** Where a mask stands that another one contradicts. */
export interface MaskConflict {
  readonly file: number;
  readonly rule: number;
  readonly column: string;
  /** Name of the rule with the other mask, and of its file. */
  readonly otherRule: string;
  readonly otherFile: string;
}

interface Placed {
  readonly rule: Rule;
  readonly file: number;
  readonly index: number;
}

/**
 * Masks of one column that differ and that one session could hold at once: which one it should see can't be told. Roles
 * never keep rules apart, since anyone may be given both; users, databases and tables do where they are named in full.
 */
export function findMaskConflicts(files: readonly PolicyFile[]): MaskConflict[] {
  const conflicts: MaskConflict[] = [];
  const byColumn = new Map<string, Placed[]>();
  const placed = files.flatMap(({ rules }, file) => rules.map((rule, index) => ({ rule, file, index })));
  for (const place of placed) {
    const { rule, file, index } = place;
    for (const column of rule.columns.mask.keys()) {
      const before = byColumn.get(column) ?? [];
      const other = before.find((earlier) => masksOtherwise(rule, earlier.rule, column));
      if (other !== undefined) {
        const otherFile = files[other.file]?.file ?? '';
        conflicts.push({ file, rule: index, column, otherRule: other.rule.name, otherFile });
      }
      byColumn.set(column, [...before, place]);
    }
  }
  return conflicts;
}

/** Whether two rules mask a column in different ways, for one session perhaps. */
function masksOtherwise(a: Rule, b: Rule, column: string): boolean {
  const [one, two] = [a.columns.mask.get(column), b.columns.mask.get(column)];
  return one !== undefined && two !== undefined && !isSameExpression(one, two) && canMeet(a, b);
}

function canMeet(a: Rule, b: Rule): boolean {
  return (
    canBoth(a.users, b.users) &&
    canBoth(a.databases, b.databases) &&
    a.tables.some((one) => b.tables.some((two) => canBothMatch(one, two)))
  );
}

function canBoth(a: readonly RegExp[] | null, b: readonly RegExp[] | null): boolean {
  if (a === null || b === null) return true;
  return a.some((one) => b.some((two) => canMatchSame(one, two)));
}

function canMatchSame(a: RegExp, b: RegExp): boolean {
  const [first, second] = [nameIn(a), nameIn(b)];
  if (first !== null) return b.test(first);
  return second === null || a.test(second);
}

/** The one name that a pattern without a wildcard matches. */
function nameIn(pattern: RegExp): string | null {
  return pattern.source.includes('.*') ? null : pattern.source.slice(1, -1).replace(/\\(.)/g, '$1');
}

function canBothMatch(a: TablePattern, b: TablePattern): boolean {
  if (a.schema !== null && a.name !== null) return matchesTable(b, a.schema, a.name);
  if (b.schema !== null && b.name !== null) return matchesTable(a, b.schema, b.name);
  return a.schema === null || b.schema === null || a.schema === b.schema;
}
