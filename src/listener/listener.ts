import type { ListenConfig } from '../config/config.js';
import type { AcceptedClient } from '../session/accepted-client.js';
import type { ListenerCounters } from './listener-counters.js';

export interface ListenerDeps {
  readonly config: ListenConfig;
  readonly onClient: (accepted: AcceptedClient) => void;
  readonly counters: ListenerCounters;
}

export interface Listener {
  /** Binds the TCP address and the Unix socket. */
  listen(): Promise<{ readonly port: number; readonly socketPath: string | null }>;
  /** From now on newcomers are told that the system is shutting down; those that are here stay. */
  drain(): void;
  /** Accepts nothing any more and closes what hasn't started up yet. Resolves when the addresses are free. */
  close(): Promise<void>;
}

export function createListener(_deps: ListenerDeps): Listener {
  throw new Error('not written yet');
}
