import type { TouchedRelation } from '../policy/decide.js';
import type { SessionEffect } from '../sql/session-effects.js';
import { safeLines } from '../telemetry/redact.js';

/** What `pgturnstile explain --json` prints. */
export interface Explanation {
  readonly sql: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly tenant: string;
  readonly database: string;
  /** False: the tenant has no policies, and everything is allowed. */
  readonly isPoliced: boolean;
  readonly verdict: 'allow' | 'deny';
  readonly sqlstate: string | null;
  readonly message: string | null;
  readonly hint: string | null;
  /** Of a syntax error, in characters from 1. */
  readonly position: number | null;
  readonly statements: readonly string[];
  readonly rules: readonly string[];
  readonly actions: readonly string[];
  readonly relations: readonly TouchedRelation[];
  /** Null: every text of its kind is looked at anew. */
  readonly shape: string | null;
  /** Null: sent as it is. */
  readonly rewritten: string | null;
  /** What was changed in the text, and why. */
  readonly changes: readonly { readonly reason: string; readonly text: string }[];
  /** Where it runs once it is known to be fast. */
  readonly lane: 'shared' | 'pinned';
  /** Null: it isn't, or that isn't known. */
  readonly whyPinned: string | null;
  readonly sessionEffect: SessionEffect;
  /** What to know about the answer. */
  readonly note: string | null;
}

const effects: Readonly<Record<SessionEffect, string>> = {
  none: 'none',
  local: 'until the transaction ends',
  settings: 'changes settings, which are carried over',
  reset: 'resets settings',
  unknown: 'may leave something behind: the server is asked before its connection is shared again',
};

/** As text for a terminal. */
export function formatExplanation(explanation: Explanation): string {
  const { verdict, message, hint, sqlstate, position, isPoliced } = explanation;
  const lines: [string, string][] = [['verdict', isPoliced ? verdict : `${verdict} (the tenant has no policies)`]];
  if (message !== null)
    lines.push(['error', `${sqlstate} ${message}${position === null ? '' : ` at character ${position}`}`]);
  if (hint !== null) lines.push(['hint', hint]);
  lines.push(['user', withList(explanation.user, explanation.roles)]);
  lines.push(['database', `${explanation.tenant}/${explanation.database}`]);
  const { statements, relations, rules } = explanation;
  const touched = relations.map(({ name, actions }) => `${name} (${actions.join(', ')})`);
  for (const [name, list] of Object.entries({ statements, relations: touched, rules })) {
    if (list.length > 0) lines.push([name, list.join(', ')]);
  }
  if (verdict === 'allow') {
    lines.push(['sent', explanation.rewritten ?? 'as it is']);
    for (const { reason, text } of explanation.changes) lines.push(['', `${reason}: ${text.trim()}`]);
    const { lane, whyPinned } = explanation;
    lines.push(['lane', whyPinned === null ? lane : `${lane}: ${whyPinned}`]);
    lines.push(['session', effects[explanation.sessionEffect]]);
  }
  if (explanation.note !== null) lines.push(['note', explanation.note]);
  lines.push(['shape', explanation.shape ?? 'none: the text is kept as it is']);
  return lines.map(([name, value]) => `${name.padEnd(12)}${safeLines(value)}\n`).join('');
}

function withList(name: string, list: readonly string[]): string {
  return list.length === 0 ? name : `${name} (${list.join(', ')})`;
}
