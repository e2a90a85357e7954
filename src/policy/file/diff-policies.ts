import type { PolicySet } from './load-policies.js';
import type { PolicyFile, Rule } from './policy-file.js';

/** What came, went and changed: `FILE: NAME` of a rule, or of a key of the file beside its rules. Names only. */
export interface PolicyDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Between the policies of one tenant. Null in the place of either: there were none, or are none any more. */
export function diffPolicies(before: PolicySet | null, after: PolicySet | null): PolicyDiff {
  const [old, next] = [partsOf(before), partsOf(after)];
  return {
    added: [...next.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !next.has(name)),
    changed: [...next.keys()].filter((name) => old.has(name) && old.get(name) !== next.get(name)),
  };
}

/** By name, what a file says, in a form in which the same is equal. */
function partsOf(policies: PolicySet | null): Map<string, string> {
  const parts = new Map<string, string>();
  for (const policy of policies?.files ?? []) {
    const { file, rules } = policy;
    for (const rule of rules) parts.set(partName(file, rule), plain(rule));
    for (const key of fileKeys) parts.set(`${file}: ${key}`, plain(policy[key]));
  }
  return parts;
}

const fileKeys = [
  'roles',
  'statements',
  'functions',
  'catalog',
  'limits',
  'firewall',
] as const satisfies readonly (keyof PolicyFile)[];

/** A rule may be called as a key is. */
function partName(file: string, { name }: Rule): string {
  return (fileKeys as readonly string[]).includes(name) ? `${file}: rule ${name}` : `${file}: ${name}`;
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof RegExp) return part.source;
    if (part instanceof Set || part instanceof Map) return [...part];
    return part;
  });
}
