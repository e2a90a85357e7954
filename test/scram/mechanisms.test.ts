import t from 'tap';
import { chooseMechanism, offeredMechanisms } from '../../src/scram/mechanisms.js';

const both = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'];
const plain = ['SCRAM-SHA-256'];

t.test('PLUS is offered where there is something to bind to, and first', async (t) => {
  t.same(offeredMechanisms(true), both);
  t.same(offeredMechanisms(false), plain);
});

t.test('a client chooses as libpq does', async (t) => {
  t.equal(chooseMechanism(both, true, 'prefer'), 'SCRAM-SHA-256-PLUS');
  t.equal(chooseMechanism(both, true, 'require'), 'SCRAM-SHA-256-PLUS');
  t.equal(chooseMechanism(both, true, 'disable'), 'SCRAM-SHA-256');
  t.equal(chooseMechanism(both, false, 'prefer'), 'SCRAM-SHA-256');
  t.equal(chooseMechanism(plain, true, 'prefer'), 'SCRAM-SHA-256');
});

t.test('a client that requires channel binding takes nothing without', async (t) => {
  t.equal(chooseMechanism(plain, true, 'require'), null);
  t.equal(chooseMechanism(both, false, 'require'), null);
});

t.test('mechanisms that are not known are passed over', async (t) => {
  t.equal(chooseMechanism(['OAUTHBEARER', 'SCRAM-SHA-256'], false, 'prefer'), 'SCRAM-SHA-256');
  t.equal(chooseMechanism(['OAUTHBEARER', 'SCRAM-SHA-512'], true, 'prefer'), null);
  t.equal(chooseMechanism([], true, 'prefer'), null);
});
