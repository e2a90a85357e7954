import { Findings } from '../config/findings.js';
import { parseYamlTree } from '../config/yaml-tree.js';
import type { Doubt } from './doubts.js';
import { noReferences, type PolicySource } from './file/load-policies.js';

/** What was found in policies, each once, where it stands in its file: findings for each file, in the order of the file. */
export function placeDoubts(
  sources: readonly PolicySource[],
  doubts: readonly Doubt[],
  as: 'warn' | 'error',
): readonly Findings[] {
  return sources.map(({ file, text }, index) => {
    const findings = new Findings(file, parseYamlTree(text, noReferences));
    const said = new Set<string>();
    for (const { file: of, path, message } of doubts) {
      const key = JSON.stringify([path, message]);
      if (of !== index || said.has(key)) continue;
      said.add(key);
      findings[as](path, message);
    }
    findings.errors.sort((a, b) => a.line - b.line || a.column - b.column);
    return findings;
  });
}
