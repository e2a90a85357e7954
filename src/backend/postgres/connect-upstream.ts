import { FrameReader } from '../../../protocol/frame-reader.js';
import { MessageWriter } from '../../../protocol/message-writer.js';
import type { ErrorFields } from '../../../protocol/messages/error-response.js';
import { encodeStartupMessage } from '../../../protocol/startup-packet.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { ConnectWay } from '../../tls/upstream-tls.js';
import { ownQueryRules } from './framing-rules.js';
import { openSocket } from './open-socket.js';
import { PostgresUpstream } from './postgres-upstream.js';
import { ServerRefusal, signInUpstream } from './sign-in-upstream.js';
import type { UpstreamTarget } from './upstream-target.js';

/**
 * Opens a connection and takes it through its start-up (PG 55.2.1). Rejects with a ProxyError for the client to read:
 * the server's own words where they are about what the client asked for, and never anything about an account of ours.
 */
export async function connectUpstream(target: UpstreamTarget): Promise<PostgresUpstream> {
  const signal = AbortSignal.timeout(target.connectTimeoutMs);
  try {
    const { ways } = await target.tls();
    return await connectInTurn(target, ways, signal);
  } catch (error) {
    throw asProxyError(error, target);
  }
}

/** `sslmode` allow and prefer try the other way when the first one is refused before a password is asked for. */
async function connectInTurn(
  target: UpstreamTarget,
  ways: readonly ConnectWay[],
  signal: AbortSignal,
): Promise<PostgresUpstream> {
  const [way, ...others] = ways as [ConnectWay, ...ConnectWay[]];
  try {
    return await connectOnce(target, way, signal);
  } catch (error) {
    const isWorthTrying = error instanceof ServerRefusal ? !error.isAuthenticating : isTlsFailure(error);
    if (others.length === 0 || !isWorthTrying) throw error;
    return connectInTurn(target, others, signal);
  }
}

async function connectOnce(target: UpstreamTarget, way: ConnectWay, signal: AbortSignal): Promise<PostgresUpstream> {
  const { socket, certificate } = await openSocket(target, way, signal);
  const reader = new FrameReader(ownQueryRules);
  try {
    socket.write(startupPacket(target));
    const { parameters, secrets } = await signInUpstream(socket, reader, target, certificate, signal);
    return new PostgresUpstream(socket, reader, parameters, secrets, target.traffic);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function startupPacket(target: UpstreamTarget): Buffer {
  const { user, database, address, parameters } = target.account;
  const all: (readonly [string, string])[] = [['user', user], ['database', database], ...parameters];
  if (address.applicationName !== null) all.push(['application_name', address.applicationName]);
  const writer = new MessageWriter(256);
  encodeStartupMessage(writer, { minor: 0, parameters: all });
  return writer.take();
}

function isTlsFailure(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO';
}

function asProxyError(error: unknown, target: UpstreamTarget): ProxyError {
  if (error instanceof ProxyError) return error;
  if (error instanceof ServerRefusal) return refusedByServer(error.fields, target);
  return new ProxyError('upstreamUnavailable', 'could not connect to the database server', { cause: error });
}

/** Class 28 about an account of ours is for the operator's log alone; the rest is about the client's own wish. */
function refusedByServer(fields: ErrorFields, target: UpstreamTarget): ProxyError {
  const { sqlstate, message, detail, hint } = fields;
  const cause = new Error(`${sqlstate}: ${message}`);
  if (sqlstate.startsWith('28') && !target.account.isClientsOwn) {
    return new ProxyError('upstreamUnavailable', 'the database server does not accept the account of the proxy', {
      cause,
    });
  }
  return new ProxyError('upstreamUnavailable', message, { sqlstate, detail, hint, cause });
}
