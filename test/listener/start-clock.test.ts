import { Socket } from 'node:net';
import t from 'tap';
import { TimerWheel } from '../../src/limits/timer-wheel.js';
import { startClock } from '../../src/listener/start-clock.js';

function clockOf(timeoutMs: number) {
  const time = { now: 0 };
  const timers = new TimerWheel({ tickMs: 100, now: () => time.now });
  const socket = new Socket();
  const clock = startClock(socket, timers, timeoutMs);
  const passTo = (ms: number): void => {
    time.now = ms;
    timers.turn();
  };
  return { timers, socket, clock, passTo };
}

t.test('when the time is up the socket is destroyed, not before', async (t) => {
  const { timers, socket, passTo } = clockOf(1000);
  passTo(999);
  t.notOk(socket.destroyed);
  passTo(1300);
  t.ok(socket.destroyed);
  timers.close();
});

t.test('when the time is up and something else is to be done, that is done and the socket stays', async (t) => {
  const { timers, socket, clock, passTo } = clockOf(1000);
  let isExpired = false;
  clock.onExpiry(() => {
    isExpired = true;
  });
  passTo(1300);
  t.ok(isExpired);
  t.notOk(socket.destroyed);
  timers.close();
});

t.test('a stopped clock does nothing, and so does one whose socket is closed', async (t) => {
  const stopped = clockOf(1000);
  stopped.clock.stop();
  stopped.passTo(2000);
  t.notOk(stopped.socket.destroyed);
  const over = clockOf(1000);
  over.socket.destroy();
  await new Promise((resolve) => over.socket.once('close', resolve));
  t.equal(over.timers.armed, 0);
  for (const { timers } of [stopped, over]) timers.close();
});
