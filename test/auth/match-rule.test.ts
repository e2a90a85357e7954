import t from 'tap';
import { type Approach, matchRule } from '../../src/auth/match-rule.js';
import { configOf } from './support/config.js';

const somewhere = { address: '10.1.2.3', hasTls: true, user: 'alice', database: 'sales' };

/** The rules as `auth.rules` of a file with TLS. */
const ruling = (rules: string, approach: Partial<Approach>) => {
  const listen = 'listen: { tls: { mode: allow, cert: a, key: b, clientCa: c } }';
  const config = configOf(`${listen}\nauth: { rules: [${rules}] }\ntenants: {}`);
  return matchRule(config.auth.rules, { ...somewhere, ...approach });
};

t.test('without rules it is SCRAM, and only TLS from other machines', async (t) => {
  t.equal(ruling('', {}), 'scram-sha-256');
  t.equal(ruling('', { hasTls: false }), 'no-entry');
  t.equal(ruling('', { hasTls: false, address: '127.0.0.1' }), 'scram-sha-256');
  t.equal(ruling('', { hasTls: false, address: '::1' }), 'scram-sha-256');
  t.equal(ruling('', { hasTls: false, address: '[local]' }), 'scram-sha-256');
});

t.test('the first rule that matches decides', async (t) => {
  const rules = '{ users: [alice], method: md5 }, { users: [al*], method: reject }, { method: trust }';
  t.equal(ruling(rules, {}), 'md5');
  t.equal(ruling(rules, { user: 'albert' }), 'reject');
  t.equal(ruling(rules, { user: 'bob' }), 'trust');
});

t.test('rules and no match is no entry', async (t) => {
  t.equal(ruling('{ users: [bob], method: trust }', {}), 'no-entry');
});

t.test('every condition of a rule must hold', async (t) => {
  const rule = '{ tls: true, cidr: 10.0.0.0/8, users: [a*], databases: [s*], method: trust }';
  t.equal(ruling(rule, {}), 'trust');
  t.equal(ruling(rule, { hasTls: false }), 'no-entry');
  t.equal(ruling(rule, { address: '11.0.0.1' }), 'no-entry');
  t.equal(ruling(rule, { user: 'bob' }), 'no-entry');
  t.equal(ruling(rule, { database: 'hr' }), 'no-entry');
});

t.test('a rule for clear text is not for TLS', async (t) => {
  t.equal(ruling('{ tls: false, method: trust }', {}), 'no-entry');
  t.equal(ruling('{ tls: false, method: trust }', { hasTls: false }), 'trust');
});

t.test('a rule with an address range is not for the Unix socket', async (t) => {
  t.equal(ruling('{ cidr: 0.0.0.0/0, method: trust }', { address: '[local]', hasTls: false }), 'no-entry');
  t.equal(ruling('{ method: trust }', { address: '[local]', hasTls: false }), 'trust');
});

t.test('method cert is passed over without TLS', async (t) => {
  const rules = '{ method: cert }, { method: md5 }';
  t.equal(ruling(rules, {}), 'cert');
  t.equal(ruling(rules, { hasTls: false }), 'md5');
});

t.test('method password in clear from elsewhere is refused, and no later rule asked', async (t) => {
  const rules = '{ method: password }, { method: trust }';
  t.equal(ruling(rules, {}), 'password');
  t.equal(ruling(rules, { hasTls: false }), 'needs-tls');
  t.equal(ruling(rules, { hasTls: false, address: '127.0.0.1' }), 'password');
  t.equal(ruling(rules, { hasTls: false, address: '[local]' }), 'password');
});
