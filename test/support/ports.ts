import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ports that the system gives to outgoing connections, so that none of those takes one between the look and the use.
const lowestPort = 20_000;
const highestPort = 32_000;
const triesMax = 200;

function canListenOn(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A TCP port on `host` that nobody listens on. Throws when none is found in a bounded number of tries. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const port = randomInt(lowestPort, highestPort);
    if (await canListenOn(port, host)) return port;
  }
  throw new Error(`no free port on ${host} in ${triesMax} tries`);
}
