import type { Socket } from 'node:net';
import type { TimerWheel } from '../limits/timer-wheel.js';
import type { StartupClock } from '../session/startup/accepted-client.js';

/** Starts the time that a connection has until it is authenticated. It ends with the socket, too. */
export function startClock(socket: Socket, timers: TimerWheel, timeoutMs: number): StartupClock {
  let action = () => {
    socket.destroy();
  };
  const timer = timers.timer(() => action());
  timer.arm(timeoutMs);
  const stop = () => {
    timer.disarm();
    socket.off('close', stop);
  };
  socket.on('close', stop);
  return {
    onExpiry: (instead) => {
      action = instead;
    },
    stop,
  };
}
