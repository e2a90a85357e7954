import { judgeText } from '../../src/judge/judge-text.js';
import type { Question, Verdict } from '../../src/judge/question.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import type { CatalogIndex } from '../../src/sql/catalog/catalog-index.js';
import { parseSql, parseStatements } from '../../src/sql/parser/parse-statements.js';
import { policedSession } from './policed-session.js';

/** Judges texts as a thread does, for someone with these attributes under a policy: from the text to what is sent. */
export function judgeFor(
  index: CatalogIndex,
  policy: string,
  attributes: Readonly<Record<string, readonly string[]>>,
): (text: string) => Verdict {
  const { session, rights, restrictions } = policedSession(index, policy, { attributes });
  const policed = { policies: loadPolicies([{ file: 'policy.yaml', text: policy }]), rights, restrictions };
  const asked: Omit<Question, 'text'> = {
    parameterTypes: [],
    policies: 'policies',
    catalog: 'catalog',
    who: { ...session, searchPath: ['public'] },
    upstreamUser: 'postgres',
    temporary: [],
    complexityMax: 0,
  };
  return (text) => {
    const { result, tree } = parseStatements(text);
    if (!result.ok || tree === null) throw new Error('it can be parsed');
    return judgeText({ ...asked, text }, { tree, facts: result.statements }, policed, index, parseSql);
  };
}
