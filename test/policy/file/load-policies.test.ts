import t from 'tap';
import { ConfigError } from '../../../src/config/config-error.js';
import { loadPolicies } from '../../../src/policy/file/load-policies.js';

/** What is said of a text: `line:column what; what to do`. */
function complaints(text: string): string[] {
  try {
    loadPolicies([{ file: 'p.yaml', text }]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace('p.yaml:', ''));
  }
  return [];
}

const rule = (keys: string): string => `version: 1\nrules:\n  - { ${keys} }\n`;
const whole = 'name: a, tables: [public.t], actions: [select]';

t.test('every key of the final format is known', async (t) => {
  t.same(complaints(rule(whole)), []);
  t.same(complaints('version: 1'), []);
  const all = `version: 1
roles: [analyst, "*"]
rules:
  - { name: a, users: [ann], databases: ["sales*"], tables: [public.t, hr.*, "*.*", '"My Schema"."T.x"'], actions: [select, copy-out], effect: allow }
  - { name: b, roles: [x], tables: [pg_catalog.pg_stat_activity], actions: [select] }
  - { name: c, tables: [hr.s], actions: [select, insert, update, delete, truncate, copy-in, copy-out, lock, analyze], effect: deny }
statements: { allow: [transaction, set, show, prepare, cursor, discard, explain, listen, notify, temp, ddl, do, call, vacuum, set-role, large-object] }
functions: { allow: ["public.distance*"], deny: ["pg_catalog.pg_sleep*"] }
catalog: visible
firewall: { mode: off }`;
  t.same(complaints(all), []);
});

t.test('mistakes are told with their place and what to do', async (t) => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    '': ['1:1 version is missing; write "version: 1" at the top'],
    'version: 2': ['1:1 version: must be 1; this version reads no other format'],
    'version: 1\nrule: []': ['2:1 unknown key rule; did you mean rules?'],
    'version: 1\nrules: {}': ['2:1 rules: must be a list; write [a, b] or a line with "- " for each'],
    'version: 1\nrules: [a]': ['2:9 rules[0]: must be a map; write its keys below it, indented'].concat(
      ['name', 'tables', 'actions'].map((key) => `2:9 rules[0]: ${key} is missing; add it to the rule`),
    ),
    [rule('name: a, tables: [public.t]')]: ['3:5 rules[0]: actions is missing; add it to the rule'],
    [rule('name: "", tables: [public.t], actions: [select]')]: [
      '3:7 rules[0].name: must be a text that is not empty; give it one, or leave the key out',
    ],
    [rule('name: a, tables: [], actions: [select]')]: [
      '3:16 rules[0].tables: is empty; name at least one, or leave the key out',
    ],
    [rule('name: a, tables: [t], actions: [read]')]: [
      '3:25 rules[0].tables[0]: is no table; write schema.table, schema.* or *.*, with SQL quotes around a part that needs them',
      '3:39 rules[0].actions[0]: must be one of select, insert, update, delete, truncate, copy-in, copy-out, lock, analyze; write one of them',
    ],
    [rule('name: a, tables: [a.b], actions: [selcet]')]: [
      '3:41 rules[0].actions[0]: must be one of select, insert, update, delete, truncate, copy-in, copy-out, lock, analyze; did you mean select?',
    ],
    [rule(`${whole}, users: [a], roles: [b]`)]: [
      '3:55 rules[0].users: stands beside roles; write a rule for the users and another for the roles',
    ],
    [rule(`${whole}, effect: forbid`)]: ['3:55 rules[0].effect: must be one of allow, deny; write one of them'],
    [rule('name: a, tables: [pg_catalog.*], actions: [select]')]: [
      "3:25 rules[0].tables[0]: matches nothing: a wildcard never stands for a system's relations; name them",
    ],
    [rule('name: a, tables: [pg_catalog.pg_class], actions: [delete]')]: [
      '3:25 rules[0].tables[0]: is read only; allow select and copy-out alone',
    ],
    [`version: 1\nrules:\n  - { ${whole} }\n  - { ${whole} }`]: [
      '4:7 rules[1].name: was there before; audit could not tell them apart',
    ],
    'version: 1\nstatements: { allow: [grant] }': [
      '2:23 statements.allow[0]: must be one of transaction, set, show, prepare, cursor, discard, explain, listen, notify, temp, ddl, do, call, vacuum, set-role, large-object; write one of them',
    ],
    'version: 1\nfunctions: { allow: [f] }': [
      '2:22 functions.allow[0]: is no function; write schema.name, in which * stands for any characters',
    ],
    'version: 1\nroles: analyst': ['2:1 roles: must be a list; write [a, b] or a line with "- " for each'],
    '- a': [
      '1:1 must be a map; write its keys below it, indented',
      '1:1 version is missing; write "version: 1" at the top',
    ],
    'version: 1\n\tx: 1': ['2:1 a tab indents this line; use spaces'],
  };
  for (const [text, messages] of Object.entries(expected)) t.same(complaints(text), messages, text);
});

t.test('no table pattern means something else than it says', async (t) => {
  for (const pattern of [
    'public',
    '*',
    '*.orders',
    'public.or*',
    'a.b.c',
    'public.',
    '.orders',
    '"a.b',
    'a b.c',
    `${'x'.repeat(64)}.t`,
  ]) {
    t.match(complaints(rule(`name: a, tables: ['${pattern}'], actions: [select]`)), [/is no table/], pattern);
  }
});

t.test('all files are looked at before they are refused', async (t) => {
  const load = () =>
    loadPolicies([
      { file: 'a.yaml', text: 'version: 3' },
      { file: 'b.yaml', text: 'version: 4' },
    ]);
  t.throws(load, /^a\.yaml:1:1 .*\nb\.yaml:1:1 /);
});
