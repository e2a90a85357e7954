import t from 'tap';
import { AuthDesk } from '../../src/auth/auth-desk.js';
import { configOf } from './support/config.js';

const times = (count: number, action: () => void) => {
  for (let i = 0; i < count; i++) action();
};

t.test('a user that fails too often is throttled at its address, and nobody else there', async (t) => {
  const desk = new AuthDesk();
  times(10, () => desk.recordFailure('10.0.0.1', 'app'));
  t.ok(desk.isThrottled('10.0.0.1', 'app'));
  t.notOk(desk.isThrottled('10.0.0.1', 'other'));
  t.notOk(desk.isThrottled('10.0.0.2', 'app'));
});

t.test('an address that tries many users is throttled for all', async (t) => {
  const desk = new AuthDesk();
  for (let i = 0; i < 100; i++) desk.recordFailure('10.0.0.1', `user ${i}`);
  t.ok(desk.isThrottled('10.0.0.1', 'another'));
  t.notOk(desk.isThrottled('10.0.0.2', 'another'));
});

t.test('a site of IPv6 addresses is one', async (t) => {
  const desk = new AuthDesk();
  for (let i = 0; i < 10; i++) desk.recordFailure(`2001:db8:1:2::${i}`, 'app');
  t.ok(desk.isThrottled('2001:db8:1:2:ffff::1', 'app'));
});

t.test('cancel requests that miss are counted apart', async (t) => {
  const desk = new AuthDesk({ cancelMissesMax: 5 });
  times(5, () => desk.recordCancelMiss('10.0.0.1'));
  t.notOk(desk.mayCancel('10.0.0.1'));
  t.ok(desk.mayCancel('10.0.0.2'));
  t.notOk(desk.isThrottled('10.0.0.1', 'app'));
});

t.test('the users are those of the configuration that is asked for', async (t) => {
  const desk = new AuthDesk();
  const before = configOf('users: { alice: { secret: x } }\ntenants: {}');
  const after = configOf('users: { bob: { secret: y } }\ntenants: {}');
  t.equal(desk.usersOf(before), desk.usersOf(before), 'made once');
  t.ok(desk.usersOf(before).find('default', 'alice'));
  t.notOk(desk.usersOf(after).find('default', 'alice'));
  t.ok(desk.usersOf(after).find('default', 'bob'));
});
