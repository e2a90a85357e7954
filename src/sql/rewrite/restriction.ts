import type { Column, Relation } from '../catalog/catalog.js';
import { quoteIdentifier } from '../quote.js';

/** What holds for one relation in one session. The relation is the real one, hidden columns included. */
export interface Restriction {
  readonly relation: Relation;
  /** Names of the rules behind it, for explain and audit. */
  readonly rules: readonly string[];
  /** Those that exist for the session, in order. */
  readonly columns: readonly SeenColumn[];
  readonly hidden: ReadonlySet<number>;
  /** A column that isn't there yet would be hidden or masked by its name, and could be added before the server looks. */
  readonly mayGrow: boolean;
  /** Which rows exist for reading; null: all. */
  readonly rows: OperatorSql | null;
  /** Which of those that can be read exist for changing; null: all. */
  readonly updatable: OperatorSql | null;
  readonly deletable: OperatorSql | null;
  /** What a written row must satisfy; null: nothing. */
  readonly insertCheck: OperatorSql | null;
  readonly updateCheck: OperatorSql | null;
  /** attnums that may be set. */
  readonly insertable: ReadonlySet<number>;
  readonly changeable: ReadonlySet<number>;
}

export interface SeenColumn {
  readonly column: Column;
  /** What the session sees instead of the value, cast to the column's type; null: the value. */
  readonly mask: OperatorSql | null;
}

/**
 * SQL of the operator's over a relation's columns: attributes are literals, and all names are qualified but those of
 * columns, which are set in when it is known where the row comes from.
 */
export interface OperatorSql {
  readonly pieces: readonly (string | { readonly column: string })[];
  /** Names inside a sub-select can be anybody's, so that they must be left to scope: `column` pieces are none of them. */
  readonly hasSubselect: boolean;
  /** The planner makes no join of it, though there are sub-selects in it: they are inside of a CASE. */
  readonly staysFilter?: boolean;
}

export function qualifiedName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** The expression, in brackets, where the relation itself stands in FROM under its own name. */
export function printInScope(sql: OperatorSql, relation: Relation): string {
  const row = quoteIdentifier(relation.name);
  return `(${join(sql, row)})`;
}

/**
 * The expression, in brackets, anywhere that `row` (an alias, or EXCLUDED) is visible.
 * @param nameOf what a column is called there
 */
export function printOver(
  sql: OperatorSql,
  relation: Relation,
  row: string,
  nameOf = (column: string) => column,
): string {
  if (!sql.hasSubselect) return `(${join(sql, row, nameOf)})`;
  const columns = relation.columns.map(({ name }) => {
    const outer = `${row}.${quoteIdentifier(nameOf(name))}`;
    return nameOf(name) === name ? outer : `${outer} AS ${quoteIdentifier(name)}`;
  });
  const own = quoteIdentifier(relation.name);
  return `(SELECT ${join(sql, own)} FROM (SELECT ${columns.join(', ')}) AS ${own})`;
}

function join({ pieces }: OperatorSql, row: string, nameOf = (column: string) => column): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : `${row}.${quoteIdentifier(nameOf(piece.column))}`))
    .join('');
}

/** Whether anything of a relation is withheld from reading. */
export function restrictsReading({ rows, columns, hidden }: Restriction): boolean {
  return rows !== null || hidden.size > 0 || columns.some(({ mask }) => mask !== null);
}

/** Whether the relation itself, which its whole row and the server's stars show, has columns that aren't seen, or could get one. */
export function showsMore({ hidden, mayGrow }: Restriction): boolean {
  return hidden.size > 0 || mayGrow;
}

/**
 * Whether a new row's values have to name their columns: the session may not set all of them, and those that it means could
 * have moved by the time that the server looks.
 */
export function isWrittenByName({ relation, hidden, insertable }: Restriction): boolean {
  return hidden.size > 0 || relation.columns.some(({ attnum }) => !insertable.has(attnum));
}

/** Those that there are, each once: several actions often have the same filter. */
export function distinct(all: readonly (OperatorSql | null)[]): readonly OperatorSql[] {
  return [...new Map(all.flatMap((sql) => (sql === null ? [] : [[JSON.stringify(sql), sql] as const]))).values()];
}
