/** What a policy's `actions` may name. */
export type Action =
  | 'select'
  | 'insert'
  | 'update'
  | 'delete'
  | 'truncate'
  | 'copy-in'
  | 'copy-out'
  | 'lock'
  | 'analyze';

/** What a policy's `statements` may name. Plain reading and writing is governed by actions alone. */
export type StatementKind =
  | 'transaction'
  | 'set'
  | 'show'
  | 'prepare'
  | 'cursor'
  | 'discard'
  | 'explain'
  | 'listen'
  | 'notify'
  | 'temp'
  | 'ddl'
  | 'do'
  | 'call'
  | 'vacuum'
  | 'set-role'
  | 'large-object';

/** A relation as the text names it (already folded and cut as PostgreSQL does), with all that is done to it. */
export interface RelationUse {
  readonly schema: string | null;
  readonly name: string;
  readonly actions: readonly Action[];
}

/** A function that is called, or an operator (`<=>`) that isn't PostgreSQL's own. */
export interface FunctionUse {
  readonly schema: string | null;
  readonly name: string;
}

export interface SettingUse {
  /** Lower case. '*' is all of them (RESET ALL, DISCARD ALL). */
  readonly name: string;
  /** As set_config would take it; null for DEFAULT and RESET. */
  readonly value: string | null;
  /** False if the value is no literal. */
  readonly isKnown: boolean;
}

/** All that deciding needs to know of one statement. Small and cloneable: it crosses from the parser's thread. */
export interface StatementFacts {
  /** For audit and metrics, from a fixed set: 'select', 'insert', 'create', 'begin', 'set', 'explain', ... */
  readonly command: string;
  /** The kinds that the policy's `statements` must allow; several for EXPLAIN of CREATE TABLE AS and the like. */
  readonly kinds: readonly StatementKind[];
  /** Never allowed under a policy, and what it is: 'GRANT', 'COPY FROM PROGRAM', ...; null otherwise. */
  readonly forbidden: string | null;
  /** A node that the walk doesn't know: never allowed under a policy. */
  readonly unknown: string | null;
  readonly relations: readonly RelationUse[];
  readonly functions: readonly FunctionUse[];
  readonly settings: readonly SettingUse[];
  /** Settings shown, lower case; 'all' for SHOW ALL. */
  readonly settingsRead: readonly string[];
  /** Prepared statement or cursor that is named, for EXECUTE, DEALLOCATE, FETCH and CLOSE. */
  readonly target: string | null;
  /** True if the facts hang on a literal, so that a verdict holds for this text only and not for its shape. */
  readonly hangsOnLiterals: boolean;
  /** DO, or a function's definition: what it is to run is a text. */
  readonly definesBody: boolean;
  /** Where the statement lies in the text, UTF-8 byte offsets. */
  readonly startByte: number;
  readonly endByte: number;
}

/** Why a text could not be parsed; `position` counts characters from 1, as the P field of ErrorResponse. */
export interface ParseRefusal {
  readonly ok: false;
  readonly sqlstate: string;
  readonly message: string;
  readonly position: number | null;
  /** It says nothing of the text: asked again, it may be parsed. */
  readonly isPassing?: boolean;
}

export type ParseResult = { readonly ok: true; readonly statements: readonly StatementFacts[] } | ParseRefusal;
