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
  const doubts: Doubt[] = [];
  for (const [file, { rules }] of policies.files.entries()) {
    for (const [place, rule] of rules.entries()) {
      for (const { path, expression } of expressionsOf(rule)) {
        const message = await problemOf(expression, threads);
        if (message !== null) doubts.push({ file, path: ['rules', place, ...path], message });
      }
    }
  }
  const issues = placeDoubts(sources, doubts, 'error').flatMap(({ errors }) => errors);
  if (issues.length > 0) throw new ConfigError(issues);
  return policies;
}

function expressionsOf({ rows, check, columns }: Rule): { path: string[]; expression: PolicyExpression }[] {
  return [
    ...(rows === null ? [] : [{ path: ['rows'], expression: rows }]),
    ...(check === null ? [] : [{ path: ['check'], expression: check }]),
    ...[...columns.mask].map(([name, expression]) => ({ path: ['columns', 'mask', name], expression })),
  ];
}

const before = 'SELECT (';

/** In brackets, as it will be sent, with a literal for each of the session's values. Null: it is SQL. */
async function problemOf({ pieces }: PolicyExpression, threads: JudgeThreads): Promise<string | null> {
  const text = pieces.map((piece) => (typeof piece === 'string' ? piece : " '' ")).join('');
  const result = await threads.parse(`${before}${text})`, problemOf);
  // Too many clients have texts to be read: that says nothing of this one.
  if (result.ok || result.sqlstate === '53400') return null;
  return `${said(result, before.length + [...text].length)}; correct it`;
}

function said({ message, position }: ParseRefusal, behind: number): string {
  const isBracket = position !== null && position > behind;
  return (isBracket ? 'syntax error at its end' : message).replaceAll(';', ',');
}
