import { ProtocolError } from '../../../protocol/protocol-error.js';
import {
  type CancelRequest,
  decodeStartupPacket,
  protocolMajor,
  type StartupMessage,
} from '../../../protocol/startup-packet.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { Log } from '../../telemetry/log.js';
import { errorFrame, errorResponse } from '../error-response.js';
import type { AcceptedClient } from './accepted-client.js';
import type { AdmittedClient } from './admitted-client.js';
import { type AuthenticationDeps, authenticate } from './authenticate.js';
import { endClient } from './end-client.js';
import { readStartup } from './startup.js';
import { StartupDialog } from './startup-dialog.js';

export interface AdmissionDeps extends AuthenticationDeps {
  /**
   * Whether the key belongs to a client here: an address that keeps on guessing is no longer listened to. The
   * connection of the request is closed when the promise settles, which tells its client that the cancel is done.
   */
  readonly onCancel: (processId: number, secretKey: Buffer) => boolean | Promise<boolean>;
  readonly log: Log;
}

/**
 * Takes a client from its start-up packet to AuthenticationOk (PG 55.2.1). Null: it was a cancel request, it was
 * refused and told so, or it went away; its socket is then closing. Never rejects.
 */
export async function admitClient(accepted: AcceptedClient, deps: AdmissionDeps): Promise<AdmittedClient | null> {
  const { socket, clock } = accepted;
  const dialog = new StartupDialog(socket);
  clock.onExpiry(() => {
    dialog.end();
    endClient(socket, errorResponse(tooLate()));
  });
  try {
    const message = await startupMessage(accepted, deps);
    const admitted = message && (await authenticate(accepted, readStartup(message), dialog, deps));
    if (admitted !== null) return admitted;
    dialog.end();
    endClient(socket);
  } catch (error) {
    dialog.end();
    endClient(socket, farewell(error, accepted, deps.log));
  }
  return null;
}

/** Null: it was a cancel request, which has been seen to. */
async function startupMessage(accepted: AcceptedClient, deps: AdmissionDeps): Promise<StartupMessage | null> {
  const packet = decodeStartupPacket(accepted.packet);
  switch (packet.kind) {
    case 'startup':
      return packet;
    case 'cancel':
      await cancel(packet, accepted.address, deps);
      return null;
    default:
      // A request for encryption that comes a second time is read as a start-up packet, whose version is its code: of
      // SSLRequest 1234.5679, as from ProcessStartupPacket.
      throw unsupportedVersion(accepted.packet.readUInt32BE(0));
  }
}

async function cancel(request: CancelRequest, address: string, deps: AdmissionDeps): Promise<void> {
  const { desk, onCancel, log } = deps;
  if (!desk.mayCancel(address)) return;
  if (await onCancel(request.processId, request.secretKey)) return;
  desk.recordCancelMiss(address);
  log.debug({ address, processId: request.processId }, 'a cancel request with a key that nobody has');
}

/** What to tell a client of an error that ends its start-up; nothing where PostgreSQL says nothing either. */
function farewell(error: unknown, { address, packet }: AcceptedClient, log: Log): Buffer | undefined {
  if (error instanceof ProxyError) return errorResponse(error);
  if (error instanceof ProtocolError) {
    if (error.isSilent) return undefined;
    if (isBeforeVersion3(packet)) return Buffer.from(`EFATAL:  ${error.message}\n\0`);
    return errorFrame({
      severity: 'FATAL',
      severityNonLocalized: 'FATAL',
      sqlstate: error.sqlstate,
      message: error.message,
    });
  }
  log.error({ err: error, address }, 'a start-up failed for a reason of our own');
  return errorResponse(new ProxyError('internal', 'internal error', { severity: 'FATAL', cause: error }));
}

/** Protocol 2 had errors of its own form (send_message_to_frontend in elog.c), and its clients can read no other. */
function isBeforeVersion3(packet: Buffer): boolean {
  const code = packet.length < 4 ? 0 : packet.readUInt32BE(0);
  return code !== 0 && code >>> 16 < protocolMajor;
}

function tooLate(): ProxyError {
  return new ProxyError('queryCanceled', 'canceling authentication due to timeout', { severity: 'FATAL' });
}

function unsupportedVersion(code: number): ProxyError {
  const version = `${code >>> 16}.${code & 0xffff}`;
  const message = `unsupported frontend protocol ${version}: server supports 3.0 to 3.2`;
  return new ProxyError('notSupported', message, { severity: 'FATAL' });
}
