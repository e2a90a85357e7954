import type { Misfits } from '../policy/catalog-doubts.js';
import type { Principal, TouchedRelation } from '../policy/decide.js';
import type { PolicySet } from '../policy/file/load-policies.js';
import type { PolicyLimits } from '../policy/file/policy-file.js';
import type { PolicyUser } from '../policy/rule-users.js';
import type { Relation } from '../sql/catalog/catalog.js';
import type { CatalogText } from '../sql/catalog/catalog-text.js';
import type { RewriteTemplate } from '../sql/rewrite/template.js';
import type { ParseRefusal, StatementFacts } from '../sql/statement-facts.js';

// What crosses between the process and the threads that judge: plain data, all of it cloneable.

/** What a thread has to know before it is asked; said once, and again to a thread that takes another's place. */
export type Knowledge =
  | { readonly kind: 'policies'; readonly key: string; readonly policies: PolicySet }
  | { readonly kind: 'catalog'; readonly key: string; readonly catalog: CatalogText }
  | { readonly kind: 'forget'; readonly key: string };

/** A text to be judged. */
export interface Question {
  readonly text: string;
  /** Types of $1, $2, ... as Parse gave them; 0: to be found out. */
  readonly parameterTypes: readonly number[];
  /** Key of the policies that hold; null: none do. */
  readonly policies: string | null;
  /** Key of the database's catalog; null: nothing is known of it, so that names can't be bound. */
  readonly catalog: string | null;
  readonly who: Principal;
  /** Whom the server takes the session for: "$user" of the search path. */
  readonly upstreamUser: string;
  /** The session's own temporary relations. */
  readonly temporary: readonly Relation[];
  /** Of the database, beside the policies' own; 0: none. */
  readonly complexityMax: number;
}

export interface Refusal {
  readonly sqlstate: string;
  readonly message: string;
  readonly detail: string | null;
  readonly hint: string | null;
  /** Characters from 1, as the P field of ErrorResponse; null: it is about no place. */
  readonly position: number | null;
  /** The policy refuses; else the statement is wrong, as the server would say. */
  readonly isDenial: boolean;
}

/** What the judge says of a text that can be parsed. */
export interface Verdict {
  readonly ok: true;
  readonly statements: readonly StatementFacts[];
  /** Null: it may run. */
  readonly refusal: Refusal | null;
  /** Names of the rules that allowed, or of the deny rule that refused. For audit, never for the client. */
  readonly rules: readonly string[];
  readonly actions: readonly string[];
  readonly relations: readonly TouchedRelation[];
  /** What is sent in the place of this text and of others with its key (see `keyOf`); null: the text as it is. */
  readonly template: RewriteTemplate | null;
  /** What was changed for that, in the order of the text. */
  readonly changes: readonly Change[];
  /** By statement: it gives rows that its client didn't ask for. Empty: none does. */
  readonly addsRows: readonly boolean[];
  /** For how long it may run, and how much it may give, by the policies. */
  readonly limits: PolicyLimits;
  /** Something is withheld of a relation in it, or of what it may run unseen: what it raises could quote that. */
  readonly isRestricted: boolean;
  /** Nothing of the database is withheld from who asks. */
  readonly isOpen: boolean;
  /** What it makes that isn't judged again when it is used. */
  readonly keeps: readonly Kept[];
  /** What it uses of that. */
  readonly uses: readonly Kept[];
  /** What a firewall knows the text by; null where none asks for it, and where there is no statement. */
  readonly fingerprint: string | null;
  /** It only reads, and any session that has the client's settings may run it. False where that isn't known. */
  readonly isShareable: boolean;
  /** Why it isn't, in the words of a user; null: it is, or there is nothing to say. */
  readonly whyPinned: string | null;
  /** On a shared lane its literals may be sent as parameters. */
  readonly bindsLiterals: boolean;
  /** It may run triggers, which can leave behind in its session what can't be told from here. */
  readonly runsTriggers: boolean;
  /** The verdict hangs on a literal, so it holds for this text and not for others of its key. */
  readonly hangsOnLiterals: boolean;
}

/** Of a session's own: what SQL's PREPARE prepares, and temporary views. */
export type Kept = 'statements' | 'views';

/** One change of a text before it is sent, for a person to read. */
export interface Change {
  readonly reason: string;
  readonly text: string;
}

export type Answer = Verdict | ParseRefusal;

/** Policies to be compared with databases. */
export interface Comparison {
  readonly pairs: readonly ComparedPair[];
}

export interface ComparedPair {
  /** Keys, as in a question. */
  readonly policies: string;
  readonly catalog: string;
  readonly tenant: string;
  /** The database, as clients name it. */
  readonly database: string;
  /** Of the tenant. */
  readonly users: readonly PolicyUser[];
}

/** What doesn't fit, by pair. */
export interface Compared {
  readonly ok: true;
  readonly misfits: readonly Misfits[];
}
