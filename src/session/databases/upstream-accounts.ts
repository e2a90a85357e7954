import { accountAt, type UpstreamAccount } from '../../backend/postgres/upstream-target.js';
import type { DatabaseConfig } from '../../config/config.js';
import type { AdmittedClient } from '../startup/admitted-client.js';

/** A served database, as far as it matters for whom the server takes us. */
interface Reached {
  readonly name: string;
  readonly config: DatabaseConfig;
  readonly target: { readonly account: UpstreamAccount };
}

/** What notifications come in, and what an operator knows the connection by. */
const listeningParameters = [
  ['client_encoding', 'UTF8'],
  ['application_name', 'pgturnstile notifications'],
] as const;

const catalogParameters = [['application_name', 'pgturnstile catalog']] as const;

/** Whom an admitted client's upstreams sign in as: the account of the configuration, or else the client's own user. */
export function accountOf({ identity, databaseConfig }: AdmittedClient): UpstreamAccount {
  const { upstream: address } = databaseConfig;
  const own = accountAt(address, identity.database);
  if (address.user !== null) return own;
  return { ...own, user: identity.user, credential: identity.upstreamSecret, isClientsOwn: true };
}

/** A served database's account under another configuration. */
export function movedAccount(
  { name, target: { account } }: Reached,
  { upstream: address }: DatabaseConfig,
): UpstreamAccount {
  const own = accountAt(address, name);
  if (address.user !== null) return { ...own, parameters: account.parameters };
  return { ...account, address, database: own.database, isClientsOwn: true };
}

/** Whom the connection signs in as that listens for all clients. */
export function listeningAccount(reached: Reached): UpstreamAccount {
  return { ...controlAccount(reached), parameters: listeningParameters };
}

/** Whom the connection signs in as that reads the catalog. */
export function catalogAccount(reached: Reached): UpstreamAccount {
  const account = controlAccount(reached);
  return { ...account, parameters: [...account.parameters, ...catalogParameters] };
}

/** The account that the configuration has for connections of our own, or else that of the sessions. */
function controlAccount({ name, config: { control }, target }: Reached): UpstreamAccount {
  return control === null ? target.account : accountAt(control, name);
}
