import t from 'tap';
import { findDoubts, findForgottenUsers, type Surroundings } from '../../src/policy/doubts.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';

const surroundings: Surroundings = {
  users: [
    { name: 'ann', roles: ['clerk'] },
    { name: 'bob', roles: ['analyst', 'guest'] },
  ],
  databases: ['sales'],
};

function policies(...texts: string[]) {
  const sources = texts.map((text, index) => ({
    file: `${index}.yaml`,
    text: `version: 1\n${text}\ncatalog: visible`,
  }));
  return loadPolicies(sources);
}

const doubts = (...texts: string[]) =>
  findDoubts(policies(...texts), surroundings).map(({ file, path, message }) => {
    return `${file} ${path.join('.')}: ${message.split(';')[0]}`;
  });

const rule = (keys: string) => `rules: [{ name: r, actions: [select], tables: [a.b], ${keys} }]`;

t.test('a rule for nobody that there is, or nowhere that there is, can never match', (t) => {
  t.same(doubts(rule('roles: [clerk], databases: [sales]')), []);
  t.same(doubts(rule('roles: [cl*, nobody]')), []);
  t.same(doubts(rule('roles: [nobody]')), ['0 rules.0.roles: no user has such a role']);
  t.same(doubts(rule('users: [eve]')), ['0 rules.0.users: there is no such user']);
  t.same(doubts(rule('databases: [sale]')), ['0 rules.0.databases: there is no such database']);
  t.same(doubts(`roles: [nobody]\n${rule('users: [ann]')}`), ['0 roles: no user has a role that the file is for']);
  const anyDatabase = findDoubts(policies(rule('databases: [sale]')), { ...surroundings, databases: null });
  t.same(anyDatabase, []);
  t.end();
});

t.test('a rule that another one denies wholly allows nothing', (t) => {
  const shadowed = (allow: string, deny: string) =>
    doubts(`rules:
  - { name: allows, ${allow} }
  - { name: denies, effect: deny, ${deny} }`).length > 0;
  const all = 'tables: [a.b], actions: [select]';
  t.ok(shadowed(all, all));
  t.ok(shadowed(all, 'tables: ["*.*"], actions: [select, insert]'));
  t.ok(shadowed('tables: [a.*], actions: [select]', 'tables: [a.*], actions: [select]'));
  t.ok(shadowed(`${all}, roles: [clerk]`, `${all}, roles: [clerk]`));
  t.notOk(shadowed('tables: [a.b, a.c], actions: [select]', all));
  t.notOk(shadowed('tables: [a.*], actions: [select]', all));
  t.notOk(shadowed('tables: ["*.*"], actions: [select]', 'tables: [a.*], actions: [select]'));
  t.notOk(shadowed('tables: [a.b], actions: [select, insert]', all));
  t.notOk(shadowed(all, `${all}, roles: [clerk]`));
  t.notOk(shadowed('tables: [pg_catalog.pg_settings], actions: [select]', 'tables: ["*.*"], actions: [select]'));
  t.same(doubts(`rules: [{ name: x, ${all} }]`, `roles: [clerk]\nrules: [{ name: y, effect: deny, ${all} }]`), []);
  t.match(doubts(`rules: [{ name: x, ${all} }]`, `rules: [{ name: y, effect: deny, ${all} }]`), [
    '0 rules.0: allows nothing: "y" denies all of it',
  ]);
  t.end();
});

t.test('a filter beside a rule that gives the same users all rows filters nothing', (t) => {
  const beside = (other: string) =>
    doubts(`rules:
  - { name: filters, tables: [a.b], actions: [select, delete], rows: "x = 1", roles: [clerk] }
  - { name: opens, ${other} }`);
  const expected = ['0 rules.0.rows: filters nothing: "opens" gives the same users all rows'];
  t.same(beside('tables: [a.*], actions: [select]'), expected);
  t.same(beside('tables: [a.b], actions: [delete, update], roles: [clerk]'), expected);
  t.same(beside('tables: [a.*], actions: [insert]'), []);
  t.same(beside('tables: [a.c], actions: [select]'), []);
  t.same(beside('tables: [a.*], actions: [select], roles: [analyst]'), []);
  t.same(beside('tables: [a.b], actions: [select], rows: "y = 2"'), []);
  t.end();
});

t.test('that definitions can get round every policy is said', (t) => {
  t.match(doubts('statements: { allow: [ddl] }'), [
    /^0 statements\.allow: ddl lets in what no policy can look through/,
  ]);
  t.end();
});

t.test('users who get nothing, and roles that nobody has heard of', (t) => {
  t.same(findForgottenUsers(policies(rule('roles: [clerk]')), surroundings), [
    'user "bob" has the role "analyst", which no policy names',
    'user "bob" has the role "guest", which no policy names',
  ]);
  t.same(findForgottenUsers(policies('roles: [clerk]'), surroundings), [
    'user "bob" has no rights at all: no policy is for its roles',
  ]);
  t.same(findForgottenUsers(policies('roles: ["*"]'), surroundings), []);
  t.end();
});
