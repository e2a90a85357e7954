import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { casesFileOf, runCases } from '../../src/policy/cases.js';
import { loadPolicies } from '../../src/policy/load-policies.js';
import { actions, statementKinds } from '../../src/policy/policy-file.js';
import { parseStatements } from '../../src/sql/parser/parse-statements.js';
import { root } from '../support/source-tree.js';

const folder = path.join(root, 'policies');
const read = (file: string) => ({ file: `policies/${file}`, text: readFileSync(path.join(folder, file), 'utf8') });
const policies = readdirSync(folder).filter((file) => /(?<!\.cases)\.yaml$/.test(file));

t.test('the examples load without a warning, and their cases come out as written', async (t) => {
  t.ok(policies.length >= 2);
  for (const file of policies) {
    t.same(loadPolicies([read(file)]).warnings, []);
    const { cases, issues } = await runCases(
      read(file),
      read(casesFileOf(file)),
      async (text) => parseStatements(text).result,
    );
    t.ok(cases >= 10, file);
    t.same(issues, [], file);
  }
});

t.test('the schema for editors says what the reader says', async (t) => {
  const schema = JSON.parse(readFileSync(path.join(folder, 'policy.schema.json'), 'utf8'));
  const { properties, $defs } = schema;
  t.same($defs.rule.properties.actions.items.enum, actions);
  t.same(properties.statements.properties.allow.items.enum, statementKinds);
  const unknown = /unknown key/;
  for (const key of [...Object.keys(properties), 'masks', 'limits']) t.notMatch(messageFor(`${key}: {}`), unknown, key);
  for (const key of [...Object.keys($defs.rule.properties), 'rows', 'check', 'columns'])
    t.notMatch(messageFor(`rules: [{ ${key}: 1 }]`), unknown);
  t.match(messageFor('other: {}'), unknown);
});

function messageFor(text: string): string {
  try {
    loadPolicies([{ file: 'p', text }]);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
