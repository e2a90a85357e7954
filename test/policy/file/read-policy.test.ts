import t from 'tap';
import { ConfigError } from '../../../src/config/config-error.js';
import { loadPolicies, type PolicySet } from '../../../src/policy/file/load-policies.js';

function load(...texts: readonly string[]): PolicySet {
  return loadPolicies(texts.map((text, index) => ({ file: `${'abc'[index]}.yaml`, text })));
}

function complaints(...texts: readonly string[]): string[] {
  try {
    load(...texts);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
  return [];
}

const rule = (keys: string): string =>
  `version: 1\nmasks: { last4: "right(value, 4)" }\nrules:\n  - { name: a, tables: [public.t], ${keys} }\n`;

t.test('every key of the format is read', async (t) => {
  const [file] = load(`version: 1
roles: [analyst]
masks: { last4: "repeat('*', 8) || right(value, 4)" }
rules:
  - name: reads
    tables: [public.customers]
    actions: [select, update]
    rows: "region = any(:user.regions) and tenant = :tenant.id and owner = :session.user"
    check: "region = any(:user.regions)"
    columns: { hide: [Password_Hash, '"Odd"'], mask: { ssn: last4, email: "'hidden'" }, write: [note] }
limits: { rowsMax: 10000, complexityMax: 1000, timeoutMs: 30000 }
firewall: { mode: learn, file: firewall.json }`).files;
  const read = file?.rules[0];
  t.same(read?.rows?.pieces, [
    'region = any(',
    { of: 'user', name: 'regions' },
    ') and tenant = ',
    { of: 'tenant', name: 'id' },
    ' and owner = ',
    { of: 'session', name: 'user' },
  ]);
  t.equal(read?.check?.text, 'region = any(:user.regions)');
  t.same(read?.columns.hide, ['password_hash', 'Odd']);
  t.equal(read?.columns.mask.get('ssn')?.text, "repeat('*', 8) || right(value, 4)");
  t.equal(read?.columns.mask.get('email')?.text, "'hidden'");
  t.same(read?.columns.write, ['note']);
  t.same(file?.limits, { rowsMax: 10000, complexityMax: 1000, timeoutMs: 30000 });
  t.same(file?.firewall, { mode: 'learn', file: 'firewall.json' });
  t.equal(file?.catalog, 'filtered', 'which is what a file without the key means');
});

t.test('an expression that could end what it stands in is refused where it stands', async (t) => {
  const rows = (text: string) => complaints(rule(`actions: [select], rows: "${text}"`))[0];
  t.match(rows('a = 1; drop table t'), /^a\.yaml:4:\d+ rules\[0\]\.rows: has a semicolon; write one expression$/);
  t.match(rows('a) or (b'), /has a \) that closes nothing; balance the brackets$/);
  t.match(rows('(a or b'), /has a bracket without its end/);
  t.match(rows("a = 'x"), /has a quote or comment without its end/);
  t.match(rows('a = 1 -- all'), /has a comment of SQL; write it as one of YAML/);
  t.match(rows('a = 1 /* all */'), /has a comment of SQL/);
  t.match(rows('a = $1'), /has \$1; a policy has no parameters, write :user\.NAME/);
  t.match(rows('a = :user'), undefined);
  t.match(rows('a = :usr.name'), /names :usr\.name, which no session has; write :user\.NAME, :tenant\.id or/);
  t.match(rows('a = :tenant.name'), /names :tenant\.name/);
  t.match(rows(' '), /says nothing/);
  t.match(rows('x'.repeat(10_001)), /is longer than 10000 bytes/);
});

t.test('a reference inside of quotes is a text like any other', async (t) => {
  const [file] = load(rule(`actions: [select], rows: "a = ':user.name' and b = :user.name"`)).files;
  t.same(file?.rules[0]?.rows?.pieces, ["a = ':user.name' and b = ", { of: 'user', name: 'name' }]);
});

t.test('a mask that is misspelt is told the one that was meant', async (t) => {
  const mask = (text: string) => complaints(rule(`actions: [select], columns: { mask: { ssn: "${text}" } }`));
  t.match(mask('lats4'), [/columns\.mask\.ssn: is no mask of this file; did you mean last4\?$/]);
  t.match(mask('year'), [/is no mask of this file; name it under masks$/]);
  t.same(mask('value'), []);
  t.same(mask('null'), []);
  t.match(complaints(rule('actions: [select], columns: { hde: [a] }')), [/unknown key hde .*did you mean hide\?$/]);
});

t.test('restrictions in a deny, and a check of nothing, are refused', async (t) => {
  t.match(complaints(rule('actions: [select], effect: deny, rows: "a = 1", columns: { hide: [a] }')), [
    /rules\[0\]\.rows: stands in a deny, which takes all of it; restrict the rules that allow$/,
    /rules\[0\]\.columns: stands in a deny/,
  ]);
  t.match(complaints(rule('actions: [select], check: "a = 1"')), [/check: checks nothing/]);
});

t.test('two masks that one session could hold are refused, those that none could are not', async (t) => {
  const masked = (keys: string, mask: string) => `version: 1
rules:
  - { name: one, tables: [public.t], actions: [select], columns: { mask: { c: "left(value, 1)" } } }
  - { name: two, ${keys}, actions: [select], columns: { mask: { c: "${mask}" } } }`;
  t.match(complaints(masked('tables: [public.t]', "'x'")), [
    /^a\.yaml:4:\d+ rules\[1\]\.columns\.mask\.c: is masked otherwise in rule "one" of a\.yaml, and one session could/,
  ]);
  t.match(complaints(masked('roles: [clerk], tables: ["*.*"]', "'x'")), [/is masked otherwise/]);
  t.same(complaints(masked('tables: [public.t]', 'left(value, 1)')), []);
  t.same(complaints(masked('tables: [public.u]', "'x'")), []);
  const apart = (one: string, two: string) => `version: 1
rules:
  - { name: one, ${one}, tables: [a.t], actions: [select], columns: { mask: { c: "left(value, 1)" } } }
  - { name: two, ${two}, tables: [a.t], actions: [select], columns: { mask: { c: "'x'" } } }`;
  t.same(complaints(apart('users: [ann]', 'users: [bob]')), []);
  t.same(complaints(apart('databases: [a]', 'databases: [b, c]')), []);
  t.match(complaints(apart('users: ["a*"]', 'users: [ann]')), [/is masked otherwise/]);
  const plain = masked('tables: [public.t]', 'left(value, 1)');
  const other =
    'version: 1\nrules:\n  - { name: x, tables: [public.t], actions: [select], columns: { mask: { c: "1" } } }';
  t.match(complaints(plain, other), [/^b\.yaml:3:\d+ .* in rule "one" of a\.yaml/]);
});

t.test('limits are whole numbers', async (t) => {
  t.match(complaints('version: 1\nlimits: { rowsMax: -1, timeoutMs: soon }'), [
    /limits\.rowsMax: must be a whole number; write 0 for no limit$/,
    /limits\.timeoutMs: must be a whole number/,
  ]);
  t.match(complaints('version: 1\nfirewall: { mode: learn }'), [/firewall: file is missing/]);
});
