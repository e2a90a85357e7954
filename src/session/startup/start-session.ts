import type { UserConfig } from '../../config/config.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { policedSearchPath, settingRefusal } from '../../policy/settings/settings.js';
import { SessionSettings } from '../../pool/session-settings.js';
import { transactionSettings } from '../../sql/setting-effects.js';
import type { CancelKeys } from '../cancel.js';
import type { ServedDatabase } from '../databases/served-database.js';
import { errorResponse } from '../error-response.js';
import type { SessionRecorder } from '../recorder.js';
import { Session } from '../session.js';
import type { TimeoutDeps } from '../timeouts.js';
import type { AdmittedClient } from './admitted-client.js';
import { endClient } from './end-client.js';
import { encodeWelcome, learnWelcome } from './welcome.js';

export interface StartSessionDeps {
  readonly cancelKeys: CancelKeys;
  readonly recorder: SessionRecorder;
  readonly timeouts: TimeoutDeps;
  /** The user as the configuration in force has it, which a reload may have changed; null: it isn't listed. */
  readonly userOf: (client: AdmittedClient) => UserConfig | null;
  /** `isPoliced`: a policy had its say in what the session starts with. */
  readonly onStart: (session: Session, isPoliced: boolean) => void;
  readonly onEnd: (session: Session, reason: string) => void;
}

/** Takes a client from AuthenticationOk to its first ReadyForQuery, or tells it why not and closes. Never rejects. */
export async function startSession(
  client: AdmittedClient,
  database: ServedDatabase,
  deps: StartSessionDeps,
): Promise<void> {
  const { recorder } = deps;
  try {
    enter(database);
  } catch (error) {
    return refuse(client, error, recorder);
  }
  try {
    await greet(client, database, deps);
  } catch (error) {
    database.clients -= 1;
    refuse(client, error, recorder);
  }
}

async function greet(client: AdmittedClient, database: ServedDatabase, deps: StartSessionDeps): Promise<void> {
  const { cancelKeys } = deps;
  const { startup, early, ...connected } = client;
  const { isPoliced } = database;
  const isReplication = startup.replication !== null;
  if (isReplication && !mayReplicate(client, database)) throw replicationRefused(database);
  const settings = isReplication ? SessionSettings.none : startSettings(client, database);
  const welcome = await learnWelcome(database, settings, isReplication);
  if (client.socket.destroyed || client.socket.readableEnded) {
    database.clients -= 1;
    return endClient(client.socket);
  }
  const { processId, secretKey } = cancelKeys.issue(startup.protocolMinor);
  const user = deps.userOf(client);
  const principal = {
    user: client.identity.user,
    tenant: database.tenant,
    database: database.name,
    roles: user?.roles ?? [],
    attributes: user?.attributes ?? {},
  };
  const unwatch = database.catalog?.watch();
  const session = new Session(connected, {
    ...deps,
    database,
    applicationName: startup.parameters.get('application_name') ?? null,
    startSettings: welcome.settings,
    processId,
    principal,
    searchPath: welcome.searchPath,
    onEnd: (ended, reason) => {
      cancelKeys.revoke(processId);
      unwatch?.();
      database.clients -= 1;
      if (isReplication) database.pool.close();
      deps.onEnd(ended, reason);
    },
  });
  cancelKeys.assign(processId, session);
  session.toClient(encodeWelcome(welcome, processId, secretKey));
  deps.onStart(session, isPoliced);
  session.start(early);
}

function enter(database: ServedDatabase): void {
  const { clients: clientsMax } = database.limits;
  if (clientsMax > 0 && database.clients + database.clientsElsewhere >= clientsMax) {
    throw new ProxyError('tooManyClients', `too many connections for database "${database.name}"`);
  }
  database.clients += 1;
}

/** What the client's session starts with, and comes back to by RESET; a policy has a say in it. */
function startSettings(client: AdmittedClient, database: ServedDatabase): SessionSettings {
  const settings = SessionSettings.from(client.startup.settings);
  if (!database.isPoliced) return lasting(settings);
  const path = policedSearchPath(settings.values.get('search_path'));
  if ('refusal' in path) throw denied(path.refusal);
  for (const [name, value] of settings.values) {
    const refusal = name === 'search_path' ? null : settingRefusal(name, value);
    if (refusal !== null) throw denied(refusal);
  }
  return lasting(settings).with(SessionSettings.from([['search_path', path.value]]));
}

/** At the server these end with the start-up's own transaction, or give way to who has signed in. */
function lasting(settings: SessionSettings): SessionSettings {
  const kept = [...transactionSettings, 'session_authorization'].reduce((left, name) => left.without(name), settings);
  const name = kept.values.get('application_name');
  // pg_clean_ascii: a program's name in whatever encoding its machine has keeps nobody out.
  const cleaned = name?.replace(/[\udc80-\udcff]/gu, '?');
  return cleaned === name || cleaned === undefined
    ? kept
    : kept.with(SessionSettings.from([['application_name', cleaned]]));
}

function mayReplicate(client: AdmittedClient, database: ServedDatabase): boolean {
  return client.databaseConfig.replication === 'allow' && !database.isPoliced;
}

function denied(message: string): ProxyError {
  return new ProxyError('policyDenied', message, { severity: 'FATAL' });
}

function replicationRefused(database: ServedDatabase): ProxyError {
  return new ProxyError('notSupported', `replication connections to database "${database.name}" are not allowed`, {
    severity: 'FATAL',
    hint: 'Set "replication: allow" for the database, which must have no policies.',
  });
}

function refuse(client: AdmittedClient, error: unknown, recorder: SessionRecorder): void {
  const isExpected = error instanceof ProxyError;
  const reason = isExpected ? error : new ProxyError('internal', 'internal error of the proxy', { cause: error });
  if (!isExpected) recorder.onFault(reason);
  const { code, clientMessage, sqlstate, detail, hint } = reason;
  const fatal = new ProxyError(code, clientMessage, { severity: 'FATAL', sqlstate, detail, hint });
  endClient(client.socket, errorResponse(fatal));
}
