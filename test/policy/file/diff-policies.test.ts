import t from 'tap';
import { diffPolicies } from '../../../src/policy/file/diff-policies.js';
import { loadPolicies } from '../../../src/policy/file/load-policies.js';

const rule = (name: string, table: string, more = '') =>
  `  - { name: ${name}, tables: ['${table}'], actions: [select]${more} }`;

function policies(file: string, rules: readonly string[], more = '') {
  const text = `version: 1\nrules:\n${rules.join('\n')}\ncatalog: visible\n${more}`;
  return loadPolicies([{ file, text }]);
}

const nothing = { added: [], removed: [], changed: [] };

t.test('rules and keys that came, went and changed are named', (t) => {
  const before = policies('a.yaml', [rule('one', 'a.b'), rule('two', 'a.c'), rule('three', 'a.d')]);
  const after = policies(
    'a.yaml',
    [rule('one', 'a.b'), rule('two', 'a.x'), rule('four', 'a.d')],
    'statements: { allow: [show] }',
  );
  t.same(diffPolicies(before, after), {
    added: ['a.yaml: four'],
    removed: ['a.yaml: three'],
    changed: ['a.yaml: two', 'a.yaml: statements'],
  });
  t.end();
});

t.test('what is only written otherwise has not changed', (t) => {
  const before = policies('a.yaml', [rule('one', 'A.b'), rule('two', 'a.c', ', roles: ["r_*"]')]);
  const after = policies('a.yaml', [rule('two', '"a".c', ', roles: [r_*]'), rule('one', 'a.b')]);
  t.same(diffPolicies(before, after), nothing);
  t.end();
});

t.test('a pattern that changes is a change, and a rule called as a key is not taken for it', (t) => {
  const before = policies('a.yaml', [rule('limits', 'a.b', ', roles: ["a*"]')]);
  const after = policies('a.yaml', [rule('limits', 'a.b', ', roles: ["b*"]')]);
  t.same(diffPolicies(before, after), { ...nothing, changed: ['a.yaml: rule limits'] });
  t.end();
});

t.test('a tenant that gets its first policy, or loses its last one', (t) => {
  const some = policies('a.yaml', [rule('one', 'a.b')]);
  t.ok(diffPolicies(null, some).added.includes('a.yaml: one'));
  t.ok(diffPolicies(some, null).removed.includes('a.yaml: one'));
  t.same(diffPolicies(null, null), nothing);
  t.end();
});
