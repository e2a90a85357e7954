import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** `preferred` if nobody listens on it, else any other, of 127.0.0.1; 0: any. Whoever is quick can still take it. */
export async function freePort(preferred: number): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0)) ?? preferred;
}

async function tryPort(port: number): Promise<number | null> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return null;
  } finally {
    server.close();
  }
}
