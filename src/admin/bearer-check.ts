import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../telemetry/log.js';
import { occasionally } from '../telemetry/occasionally.js';

const bearer = /^Bearer +([\x21-\x7e]+) *$/i;
const refusalsLoggedEveryMs = 10_000;

/**
 * A hook that lets a request with `Authorization: Bearer <token>` through, and answers 401 to others.
 *
 * @param tokenNow null or empty: none is configured, and everybody gets 403
 */
export function bearerCheck(tokenNow: () => string | null, log: Log) {
  const sayRefused = occasionally<FastifyRequest>(refusalsLoggedEveryMs, (request, passedOver) => {
    log.warn(
      { address: request.ip, route: request.routeOptions.url, passedOver },
      'an admin request without the token was refused',
    );
  });

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const token = tokenNow();
    if (token === null || token === '') return reply.code(403).send({ error: 'no admin.token is configured' });
    const given = bearer.exec(request.headers.authorization ?? '')?.[1] ?? '';
    // Digests are of equal length, so that the time tells neither content nor length.
    if (timingSafeEqual(digest(given), digest(token))) return;
    sayRefused(request);
    return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'the admin token is missing or wrong' });
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
