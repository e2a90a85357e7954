import { Socket } from 'node:net';
import t from 'tap';
import { createListenerCounters } from '../../src/listener/listener-counters.js';
import { Places } from '../../src/listener/places.js';

function placesFor(maxClients: number) {
  const counters = createListenerCounters();
  const places = new Places(maxClients, counters);
  const enter = (): Socket => {
    const socket = new Socket();
    places.enter(socket);
    return socket;
  };
  return { counters, places, enter };
}

const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

t.test('a connection counts from when it comes until it closes', async (t) => {
  const { counters, places, enter } = placesFor(10);
  const [first, second] = [enter(), enter()];
  t.match(counters, { accepted: 2, open: 2, starting: 2, clients: 0 });
  places.leaveStart(first);
  t.ok(places.take(first));
  t.match(counters, { open: 2, starting: 1, clients: 1 });
  for (const socket of [first, second]) {
    socket.destroy();
    await closed(socket);
  }
  t.match(counters, { accepted: 2, open: 0, starting: 0, clients: 0 });
});

t.test('when all places are taken the next is refused', async (t) => {
  const { counters, places, enter } = placesFor(1);
  const first = enter();
  t.ok(places.take(first));
  t.notOk(places.take(enter()));
  t.equal(counters.refused, 1);
  first.destroy();
  await closed(first);
  t.ok(places.take(enter()));
});

t.test('beyond the margin the one goes that has been silent longest', async (t) => {
  const { counters, enter } = placesFor(1);
  const sockets = Array.from({ length: 101 }, enter);
  t.equal(counters.open, 101);
  t.notOk(sockets.some(({ destroyed }) => destroyed));
  t.notOk(enter().destroyed);
  t.same(sockets.map(({ destroyed }) => destroyed).indexOf(true), 0);
  t.equal(counters.dropped, 1);
});

t.test('when none is silent the newcomer goes', async (t) => {
  const { counters, places, enter } = placesFor(1);
  for (let i = 0; i < 101; i++) places.leaveStart(enter());
  const late = new Socket();
  t.notOk(places.enter(late));
  t.ok(late.destroyed);
  t.match(counters, { open: 101, dropped: 1 });
});

t.test('closing closes those that are silent', async (t) => {
  const { places, enter } = placesFor(10);
  const [silent, client] = [enter(), enter()];
  places.leaveStart(client);
  places.closeStarting();
  t.ok(silent.destroyed);
  t.notOk(client.destroyed);
});
