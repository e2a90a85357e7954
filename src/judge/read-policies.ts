import { ConfigError } from '../config/config-error.js';
import type { Doubt } from '../policy/doubts.js';
import type { PolicyExpression } from '../policy/file/expression.js';
import { loadPolicies, type PolicySet, type PolicySource } from '../policy/file/load-policies.js';
import type { Rule } from '../policy/file/policy-file.js';
import { placeDoubts } from '../policy/place-doubts.js';
import type { ParseRefusal } from '../sql/statement-facts.js';
import type { JudgeThreads } from './judge-threads.js';

/**
 * Rules out of policy files' texts, whose expressions the parser can read.
 * @throws ConfigError with everything that is wrong with them
 */
export async function readPolicies(sources: readonly PolicySource[], threads: JudgeThreads): Promise<PolicySet> {
  const policies = loadPolicies(sources);
  const doubts = await findUnreadable(policies, threads);
  const issues = placeDoubts(sources, doubts, 'error').flatMap(({ errors }) => errors);
  if (issues.length > 0) throw new ConfigError(issues);
  return policies;
}

/** As far as the parser has time for it: what it never gets to closes its tables, and nothing else. */
async function findUnreadable({ files }: PolicySet, threads: JudgeThreads): Promise<Doubt[]> {
  const doubts: Doubt[] = [];
  const placed = files.flatMap(({ rules }, file) => rules.map((rule, place) => ({ rule, file, place })));
  for (const { rule, file, place } of placed) {
    for (const { path, expression } of expressionsOf(rule)) {
      const text = textOf(expression);
      const result = await threads.parse(`${before}${text})`, findUnreadable);
      if (result.ok) continue;
      if (!saysWhatIsWrong(result)) return doubts;
      const message = `${said(result, before.length + [...text].length)}; correct it`;
      doubts.push({ file, path: ['rules', place, ...path], message });
    }
  }
  return doubts;
}

/** Else it was too busy, too slow, or isn't there. */
function saysWhatIsWrong({ sqlstate }: ParseRefusal): boolean {
  return /^(?:0A|22|42)/.test(sqlstate);
}

function expressionsOf({ rows, check, columns }: Rule): { path: string[]; expression: PolicyExpression }[] {
  return [
    ...(rows === null ? [] : [{ path: ['rows'], expression: rows }]),
    ...(check === null ? [] : [{ path: ['check'], expression: check }]),
    ...[...columns.mask].map(([name, expression]) => ({ path: ['columns', 'mask', name], expression })),
  ];
}

const before = 'SELECT (';

/** As it will be sent in brackets, with a literal for each of the session's values. */
function textOf({ pieces }: PolicyExpression): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : " '' ")).join('');
}

function said({ message, position }: ParseRefusal, behind: number): string {
  const isBracket = position !== null && position > behind;
  return (isBracket ? 'syntax error at its end' : message).replaceAll(';', ',');
}
