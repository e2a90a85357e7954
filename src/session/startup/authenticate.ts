import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeAuthenticationOk } from '../../../protocol/messages/authentication.js';
import { encodeNegotiateProtocolVersion } from '../../../protocol/messages/negotiate-protocol-version.js';
import { protocolMajor } from '../../../protocol/startup-packet.js';
import type { AuthDesk } from '../../auth/auth-desk.js';
import type { Proven } from '../../auth/claim.js';
import type { Identity } from '../../auth/identity.js';
import { matchRule, type Ruling } from '../../auth/match-rule.js';
import { failedSignIn, refusedByRules, throttled, unknownDatabase, unknownTenant } from '../../auth/refusals.js';
import { type Destination, selectTenant } from '../../auth/select-tenant.js';
import { signIn } from '../../auth/sign-in.js';
import { truncateName } from '../../auth/truncate-name.js';
import type { AuthMethod, Config, DatabaseConfig, TenantConfig, UserConfig } from '../../config/config.js';
import { databaseIn } from '../../config/database-in.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { AcceptedClient } from './accepted-client.js';
import type { AdmittedClient } from './admitted-client.js';
import type { ReadStartup } from './startup.js';
import type { StartupDialog } from './startup-dialog.js';

/** One for each start-up that reached the rules. */
export interface AuthEvent {
  /** Of the rules; `none` when there was no rule for the client. */
  readonly method: string;
  readonly outcome: 'admitted' | 'failed' | 'rejected' | 'unknown-database' | 'throttled' | 'aborted';
  /** As the client wrote it. */
  readonly user: string;
  readonly address: string;
  /** As the client chose them; they may be none of ours. */
  readonly tenant: string;
  readonly database: string;
  /** For the log, never for the client. */
  readonly reason: string | null;
}

export interface AuthenticationDeps {
  /** The configuration in force now. */
  readonly config: () => Config;
  readonly desk: AuthDesk;
  readonly onAuth: (event: AuthEvent) => void;
}

/** One client's way from the StartupMessage to AuthenticationOk. */
interface Attempt {
  readonly accepted: AcceptedClient;
  readonly startup: ReadStartup;
  readonly dialog: StartupDialog;
  readonly deps: AuthenticationDeps;
  readonly config: Config;
  /** Names as the client wrote them, for messages to it. */
  readonly user: string;
  readonly database: string;
  readonly destination: Destination;
  readonly report: (method: string, outcome: AuthEvent['outcome'], reason?: string) => void;
}

/**
 * Takes a client from its StartupMessage to AuthenticationOk (PG 55.2.1), in PostgreSQL's order: what is wrong with
 * the start-up, who may connect, who it is, and only then whether what it wants exists.
 *
 * @returns null: the client has gone
 * @throws ProxyError, ProtocolError to be told to the client, which is then closed
 */
export async function authenticate(
  accepted: AcceptedClient,
  startup: ReadStartup,
  dialog: StartupDialog,
  deps: AuthenticationDeps,
): Promise<AdmittedClient | null> {
  if (startup.negotiation !== null) dialog.tell(negotiation(startup.negotiation));
  const { user } = startup;
  if (user === null) throw new ProxyError('notAuthorised', 'no PostgreSQL user name specified in startup packet');
  if (accepted.refusal !== null) throw accepted.refusal;
  const attempt = beginAttempt(accepted, startup, user, dialog, deps);
  const { tenant, user: name } = attempt.destination;
  const users = deps.desk.usersOf(attempt.config);
  const account = users.find(tenant, name);
  const proof = await prove(attempt, account);
  if (proof === null) return null;
  dialog.tellFirst(okAfter(proof.lastMessage));
  const { tenantConfig, databaseConfig } = findDatabase(attempt, proof, users.mayEnter(tenant, account));
  attempt.report(proof.method, 'admitted');
  if (startup.mistake !== null) throw startup.mistake;
  // Its 'end' and 'close' have been: whoever takes the socket over would wait for them in vain.
  if (accepted.socket.readableEnded || accepted.socket.destroyed) return null;
  accepted.clock.stop();
  const { socket, tls, address, isLocal } = accepted;
  const early = dialog.end();
  const identity = identityOf(attempt.destination, account, proof);
  return { socket, early, identity, tenantConfig, databaseConfig, startup: startup.request, tls, address, isLocal };
}

function beginAttempt(
  accepted: AcceptedClient,
  startup: ReadStartup,
  user: string,
  dialog: StartupDialog,
  deps: AuthenticationDeps,
): Attempt {
  const config = deps.config();
  const serverName = accepted.tls?.serverName ?? null;
  const { database, tenantOption } = startup;
  const destination = selectTenant(config, { serverName, tenantOption, user, database });
  const { address } = accepted;
  return {
    accepted,
    startup,
    dialog,
    deps,
    config,
    user: truncateName(user),
    database: truncateName(database ?? user),
    destination,
    report: (method, outcome, reason) =>
      deps.onAuth({ method, outcome, user, address, ...placeOf(destination), reason: reason ?? null }),
  };
}

function placeOf({ tenant, database }: Destination): Pick<AuthEvent, 'tenant' | 'database'> {
  return { tenant, database };
}

/** Null: the client has gone. */
async function prove(attempt: Attempt, account: UserConfig | null): Promise<Proven | null> {
  const { accepted, dialog, deps, report } = attempt;
  const { desk } = deps;
  const { tenant, user } = attempt.destination;
  const method = admittingMethod(attempt);
  // Before any work, and once more when the answer is known: of many guesses at the same time, no more are answered.
  const isThrottled = () => isGuessable(method) && desk.isThrottled(accepted.address, user);
  if (isThrottled()) throw throttle(method, report);
  const decoy = desk.usersOf(attempt.config).decoy(tenant, user, desk.secrets.processSecret);
  const { endPointHash = null, certificate = null } = accepted.tls ?? {};
  const claim = { user, account, decoy, secrets: desk.secrets, endPointHash, certificate };
  const result = await signIn(method, claim, dialog).catch((error: unknown) => {
    report(method, 'failed', error instanceof Error ? error.message : String(error));
    throw error;
  });
  if (result.outcome === 'gone') {
    report(method, 'aborted');
    return null;
  }
  if (isThrottled()) throw throttle(method, report);
  if (result.outcome === 'proven') return result;
  if (isGuessable(method)) desk.recordFailure(accepted.address, user);
  report(method, 'failed', result.reason);
  throw failedSignIn(method, attempt.user);
}

/** By these one could get in by trying often enough. */
function isGuessable(method: AuthMethod): boolean {
  return method === 'password' || method === 'md5' || method === 'scram-sha-256';
}

/** @throws ProxyError 28000 when the rules admit no such client */
function admittingMethod(attempt: Attempt): Exclude<Ruling, 'reject' | 'no-entry' | 'needs-tls'> {
  const { accepted, config, destination, startup, user, database } = attempt;
  const { address, isLocal } = accepted;
  const hasTls = accepted.tls !== null;
  const isInClear = !hasTls && !isLocal && config.listen.tls.mode === 'require';
  const approach = { address, hasTls, user: destination.user, database: destination.database };
  const ruling = isInClear ? 'no-entry' : matchRule(config.auth.rules, approach);
  if (ruling !== 'reject' && ruling !== 'no-entry' && ruling !== 'needs-tls') return ruling;
  attempt.report(ruling === 'reject' ? 'reject' : 'none', 'rejected', ruling);
  const isReplication = startup.request.replication === 'true';
  throw refusedByRules(ruling, { address, user, database, hasTls, isReplication });
}

function throttle(method: string, report: Attempt['report']): ProxyError {
  report(method, 'throttled');
  return throttled();
}

/** @throws ProxyError 3D000 */
function findDatabase(
  attempt: Attempt,
  { method }: Proven,
  mayEnter: boolean,
): { tenantConfig: TenantConfig; databaseConfig: DatabaseConfig } {
  const { config, destination, report } = attempt;
  const { tenant, database } = destination;
  const tenantConfig = config.tenants.get(tenant);
  if (tenantConfig === undefined || !mayEnter) {
    report(method, 'unknown-database', tenantConfig === undefined ? 'no such tenant' : 'not a tenant of this user');
    throw unknownTenant(tenant);
  }
  const databaseConfig = databaseIn(tenantConfig, database);
  if (databaseConfig !== undefined) return { tenantConfig, databaseConfig };
  report(method, 'unknown-database', 'no such database');
  throw unknownDatabase(database);
}

function identityOf(destination: Destination, account: UserConfig | null, proof: Proven): Identity {
  const { method, upstreamSecret } = proof;
  return { ...destination, roles: account?.roles ?? [], attributes: account?.attributes ?? {}, method, upstreamSecret };
}

function negotiation({ minor, options }: { minor: number; options: readonly string[] }): Buffer {
  const writer = new MessageWriter(64);
  encodeNegotiateProtocolVersion(writer, { major: protocolMajor, minor, options });
  return writer.take();
}

/** AuthenticationOk, in one piece with what the method has to say last. */
function okAfter(lastMessage: Buffer | null): Buffer {
  const writer = new MessageWriter(16);
  encodeAuthenticationOk(writer);
  return lastMessage === null ? writer.take() : Buffer.concat([lastMessage, writer.take()]);
}
