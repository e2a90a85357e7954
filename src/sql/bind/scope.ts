import type * as bound from './bound.js';
import type { ColumnUse, OutputColumn, Place, RelationAction, RelationUse, RowLock } from './bound.js';
import { oid } from './expressions/type-oids.js';

/** The bound statement's parts while they are being made. */
type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

export type QueryDraft = Omit<Draft<bound.BoundQuery>, 'parent' | 'conjuncts'> & {
  parent: QueryDraft | null;
  conjuncts: bound.Conjunct[];
};
export type ColumnDraft = Draft<ColumnUse>;
export type RelationDraft = Omit<Draft<RelationUse>, 'actions'> & { actions: Set<RelationAction> };
export type Version = ColumnUse['version'];

/** A value's type as far as it is known, and what may still change it. */
export interface Typed {
  /** An oid; unknown for bare literals and parameters without a type; undecided. */
  readonly type: number;
  /** The literal's text, null for NULL; undefined for what is no literal. */
  readonly literal?: string | null | undefined;
  /** A constant to the server, as a literal is, or not one; left out: a literal is. */
  readonly isConstant?: boolean | undefined;
  /** The text of a literal that a cast has made a value of. */
  readonly written?: string | null | undefined;
  /** A time about now: how many times one was added to the clock's or taken from it. */
  readonly shifts?: number | undefined;
  /** Where the literal itself stands, where `position` is that of a cast of it. */
  readonly literalAt?: number | null;
  /** n of a $n that has no type yet. */
  readonly parameter?: number;
  /** For records: their fields, where they are known. */
  readonly fields?: readonly Field[] | null;
  /** The plain column that it is. */
  readonly column?: SourceColumn;
  /** The column whose oid it is, as a regclass or another registry type. */
  readonly oidOf?: SourceColumn;
  /** The word DEFAULT. */
  readonly isDefault?: boolean;
  /** A whole row, whose fields can be taken as columns. */
  readonly row?: { readonly source: Source; readonly scope: Scope; readonly use: (() => void) | null };
  readonly position: number | null;
}

export interface Field {
  readonly name: string;
  readonly type: number;
  readonly fields?: readonly Field[] | null;
}

/** A column that FROM offers. */
export interface SourceColumn extends Field {
  /** What RowDescription would say it comes from; kept through sub-selects. */
  readonly origin: OutputColumn['origin'];
  /** The relations' columns that reading it reads: none for columns of sub-selects, two for a merged one. */
  readonly reads: readonly ColumnRead[];
  /** No star stands for it: what SEARCH and CYCLE add is so further in. */
  readonly isLeftOutOfStars?: boolean;
}

export interface ColumnRead {
  readonly relation: RelationDraft;
  readonly attnum: number;
  readonly name: string;
  readonly version: Version;
}

/** An item of FROM as names see it: a relation, sub-select, function, WITH query or join. */
export interface Source {
  readonly name: string;
  readonly kind: 'relation' | 'subquery' | 'function' | 'join' | 'values' | 'with';
  /** Null for all but relations. */
  readonly relation: RelationDraft | null;
  readonly version: Version;
  /** Without an alias, it can be named with its schema. */
  readonly isAliased: boolean;
  readonly columns: readonly SourceColumn[];
  readonly systemColumns: readonly string[];
  /** The type of its whole row: record unless it is a plain relation or a function of a composite type. */
  readonly rowType: number;
  /** A function that returns no row: its name means the value itself. */
  readonly isScalar: boolean;
  /** The WITH query that it is. */
  readonly entry?: WithEntry;
}

/** A source of rows that are no relation's: a record each. */
export function rowsSource(name: string, kind: Source['kind'], columns: readonly SourceColumn[]): Source {
  return {
    name,
    kind,
    relation: null,
    version: 'stored',
    isAliased: true,
    columns,
    systemColumns: [],
    rowType: oid.record,
    isScalar: false,
  };
}

/** A source as it stands in a namespace (ParseNamespaceItem). */
export interface Item {
  readonly source: Source;
  isNamed: boolean;
  hasColumns: boolean;
  isLateralOnly: boolean;
  isLateralOk: boolean;
}

export function itemOf(source: Source, isNamed = true, hasColumns = true): Item {
  return { source, isNamed, hasColumns, isLateralOnly: false, isLateralOk: true };
}

/** A relation or sub-select in FROM, for row locks. */
export interface Lockable {
  readonly name: string;
  readonly relation: RelationDraft | null;
  readonly query: QueryDraft | null;
  /** What it is that can't be locked. */
  readonly unlockable?: 'a join' | 'a function' | 'a table function' | 'a WITH query';
}

/** A WITH query that is visible, bound when it is first needed. */
export interface WithEntry {
  readonly name: string;
  resolve(position: number | null): readonly SourceColumn[];
  references: number;
  /** For FOR UPDATE and the like. */
  readonly isRecursive: boolean;
}

/** What names mean at one level of a statement (ParseState). */
export class Scope {
  items: Item[] = [];
  /** All that has been brought up here so far, visible or not: what an error can point to (p_rtable). */
  sources: Source[] = [];
  isLateralActive = false;
  place: Place = 'output';
  /** Innermost last: of this level's own WITH. */
  readonly withEntries: WithEntry[] = [];
  /** Names of the queries of a WITH that aren't visible yet. */
  futureEntries: readonly string[] = [];
  /** Columns of the target, for assignments and DEFAULT. */
  isInAggregate = false;

  constructor(
    readonly parent: Scope | null,
    readonly query: QueryDraft,
  ) {}

  /** Looks a WITH query up, here and further out. */
  withEntry(name: string): WithEntry | null {
    for (let scope: Scope | null = this; scope !== null; scope = scope.parent) {
      const found = scope.withEntries.find((entry) => entry.name === name);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** isFutureCTE. */
  isFutureEntry(name: string): boolean {
    return this.futureEntries.includes(name) || this.parent?.isFutureEntry(name) === true;
  }

  /** Runs a body with another place. */
  at<T>(place: Place, body: () => T): T {
    const before = this.place;
    this.place = place;
    try {
      return body();
    } finally {
      this.place = before;
    }
  }

  /** Runs a body in which what stands to the left in FROM is visible. */
  lateral<T>(body: () => T): T {
    const before = this.isLateralActive;
    this.isLateralActive = true;
    try {
      return body();
    } finally {
      this.isLateralActive = before;
    }
  }
}

const lockOrder: readonly RowLock[] = ['key share', 'share', 'no key update', 'update'];

export function strongerLock(one: RowLock | null, other: RowLock): RowLock {
  return one !== null && lockOrder.indexOf(one) > lockOrder.indexOf(other) ? one : other;
}
