import type { ProxyError } from '../errors/proxy-error.js';
import { noLimits } from '../policy/file/policy-file.js';
import type { Verdict } from './question.js';

/** What of a verdict is needed each time the statement runs. */
type Lasting = Pick<
  Verdict,
  | 'rules'
  | 'actions'
  | 'relations'
  | 'template'
  | 'addsRows'
  | 'limits'
  | 'isRestricted'
  | 'isOpen'
  | 'keeps'
  | 'uses'
  | 'fingerprint'
  | 'isShareable'
  | 'bindsLiterals'
  | 'runsTriggers'
>;

/** What is said of a statement text before it is sent. Texts of one shape share it where they can. */
export interface Judgement extends Lasting {
  /** Why it may not run; null: it may. */
  readonly refusal: ProxyError | null;
  /** Of what is refused, in characters from 1. */
  readonly position: number | null;
  /** It is refused for how it is written: a server says so whatever state it is in. */
  readonly isUnreadable: boolean;
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
  limits: noLimits,
  isRestricted: false,
  isOpen: true,
  keeps: [],
  uses: [],
  fingerprint: null,
  isShareable: false,
  bindsLiterals: false,
  runsTriggers: false,
  version: 0,
};
