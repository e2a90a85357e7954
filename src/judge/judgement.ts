import type { ProxyError } from '../errors/proxy-error.js';
import type { TouchedRelation } from '../policy/decide.js';
import { noLimits, type PolicyLimits } from '../policy/file/policy-file.js';
import type { RewriteTemplate } from '../sql/rewrite/template.js';
import type { Kept } from './question.js';

/** What is said of a statement text before it is sent. Texts of one shape share it where they can. */
export interface Judgement {
  /** Why it may not run; null: it may. */
  readonly refusal: ProxyError | null;
  /** Of what is refused, in characters from 1. */
  readonly position: number | null;
  /** It is refused for how it is written: a server says so whatever state it is in. */
  readonly isUnreadable: boolean;
  readonly rules: readonly string[];
  readonly actions: readonly string[];
  readonly relations: readonly TouchedRelation[];
  /** What is sent in the text's place; null: the text as it is. */
  readonly template: RewriteTemplate | null;
  /** By statement: it gives rows that its client didn't ask for. Empty: none does. */
  readonly addsRows: readonly boolean[];
  /** The relation whose written rows are checked; null: none is. */
  readonly checked: string | null;
  /** For how long it may run, and how much it may give, by the policies. */
  readonly limits: PolicyLimits;
  /** What the server raises while it runs could quote what is withheld. */
  readonly isRestricted: boolean;
  /** Nothing of the database is withheld from who asks. */
  readonly isOpen: boolean;
  /** What it makes that isn't judged again when it is used. */
  readonly keeps: readonly Kept[];
  /** What it uses of that. */
  readonly uses: readonly Kept[];
  /** What a firewall knows it by; null: it has no say. */
  readonly fingerprint: string | null;
  /** It only reads, and nothing in it but the time minds which session runs it. False where that isn't known. */
  readonly isShareable: boolean;
  /** A statement judged by what no longer holds is judged again before it is run. 0: nothing has a say in it. */
  readonly version: number;
}

/** Where nobody has a say. */
export const allowed: Judgement = {
  refusal: null,
  position: null,
  isUnreadable: false,
  rules: [],
  actions: [],
  relations: [],
  template: null,
  addsRows: [],
  checked: null,
  limits: noLimits,
  isRestricted: false,
  isOpen: true,
  keeps: [],
  uses: [],
  fingerprint: null,
  isShareable: false,
  version: 0,
};
