import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import { freePort } from '../../src/quickstart/free-port.js';

t.test('the preferred port is given while it is free, and another when it is taken', async (t) => {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const other = await freePort(port);
  t.not(other, port);
  t.ok(other > 0);
  server.close();
  await once(server, 'close');
  t.equal(await freePort(port), port);
});

t.test('no preference gives any', async (t) => {
  t.ok((await freePort(0)) > 0);
});
