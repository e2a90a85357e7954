/** Plain numbers that metrics read on scrape. */
export interface ListenerCounters {
  /** Connections accepted since the start. */
  accepted: number;
  /** Sockets open now, whatever their state. */
  open: number;
  /** Of these, the ones that haven't sent their start-up packet. */
  starting: number;
  /** Clients that hold one of the `maxClients` places. */
  clients: number;
  /** Told that there are too many. */
  refused: number;
  /** Closed without a word: beyond the margin, or out of time, or not speaking the protocol. */
  dropped: number;
  tlsHandshakes: number;
  tlsFailures: number;
}

export function createListenerCounters(): ListenerCounters {
  return {
    accepted: 0,
    open: 0,
    starting: 0,
    clients: 0,
    refused: 0,
    dropped: 0,
    tlsHandshakes: 0,
    tlsFailures: 0,
  };
}
