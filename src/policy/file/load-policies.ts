import { ConfigError, type ConfigIssue } from '../../config/config-error.js';
import { Findings } from '../../config/findings.js';
import { parseYamlTree } from '../../config/yaml-tree.js';
import { findMaskConflicts } from './mask-conflicts.js';
import type { PolicyFile } from './policy-file.js';
import { readPolicy } from './read-policy.js';

export interface PolicySource {
  /** For messages. */
  readonly file: string;
  readonly text: string;
}

/** The policies of one tenant. */
export interface PolicySet {
  readonly files: readonly PolicyFile[];
  /** What `check` should say without refusing. */
  readonly warnings: readonly string[];
}

/** A policy is the same wherever it is read: it has no environment and no files. */
export const noReferences = {
  env: {},
  readFile: () => {
    throw Object.assign(new Error('a policy reads no files'), { code: 'ENOENT' });
  },
};

/**
 * Rules out of policy files' texts. Throws ConfigError with file, line and column of everything that is wrong.
 */
export function loadPolicies(sources: readonly PolicySource[]): PolicySet {
  const files: PolicyFile[] = [];
  const errors: ConfigIssue[] = [];
  const warnings: string[] = [];
  const allFindings: Findings[] = [];
  const readable: Findings[] = [];
  for (const { file, text } of sources) {
    const tree = parseYamlTree(text, noReferences);
    const findings = new Findings(file, tree);
    for (const { place, message } of tree.problems) findings.errorAt(place, message);
    if (tree.problems.length === 0) {
      files.push(readPolicy(file, tree, findings));
      readable.push(findings);
    }
    allFindings.push(findings);
  }
  for (const { file, rule, column, otherRule, otherFile } of findMaskConflicts(files)) {
    const other = `rule "${otherRule}" of ${otherFile}`;
    const message = `is masked otherwise in ${other}, and one session could hold both; use one mask in both`;
    readable[file]?.error(['rules', rule, 'columns', 'mask', column], message);
  }
  for (const findings of allFindings) {
    errors.push(...findings.errors.toSorted((a, b) => a.line - b.line || a.column - b.column));
    warnings.push(...findings.warnings);
  }
  if (errors.length > 0) throw new ConfigError(errors);
  return { files, warnings };
}
