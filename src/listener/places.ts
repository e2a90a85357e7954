import type { Socket } from 'node:net';
import type { ListenerCounters } from './listener-counters.js';

/** Sockets beyond `maxClients`: start-ups, cancel requests, and those that are being told that they are too many. */
const marginMin = 100;

/**
 * Who is here, and who has to go. `maxClients` have a place once their start-up packet has come; as many again, and
 * at least 100, may be on their way to one. When all of that is taken the one goes that has said nothing for the
 * longest: who speaks PostgreSQL speaks at once, so that a flood of silent connections locks nobody out.
 */
export class Places {
  /** May change; who has a place keeps it. */
  maxClients: number;
  /** Clients of other processes that count against it. */
  clientsElsewhere = 0;
  readonly #counters: ListenerCounters;
  /** Without a start-up packet yet, the oldest first. */
  readonly #starting = new Set<Socket>();

  constructor(maxClients: number, counters: ListenerCounters) {
    this.maxClients = maxClients;
    this.#counters = counters;
  }

  /** Counts a new connection until it closes. False: there is no room for it, and it has been closed. */
  enter(socket: Socket): boolean {
    const counters = this.#counters;
    counters.accepted++;
    if (counters.open >= this.maxClients + Math.max(this.maxClients, marginMin) && !this.#evictOldest()) {
      counters.dropped++;
      socket.destroy();
      return false;
    }
    counters.open++;
    this.#starting.add(socket);
    counters.starting = this.#starting.size;
    socket.once('close', () => {
      counters.open--;
      this.leaveStart(socket);
    });
    return true;
  }

  /** Its start-up packet has come, or it has gone. */
  leaveStart(socket: Socket): void {
    this.#starting.delete(socket);
    this.#counters.starting = this.#starting.size;
  }

  /** Gives one of the `maxClients` places until the socket closes. False: all are taken. */
  take(socket: Socket): boolean {
    const counters = this.#counters;
    if (counters.clients + this.clientsElsewhere >= this.maxClients) {
      counters.refused++;
      return false;
    }
    counters.clients++;
    socket.once('close', () => counters.clients--);
    return true;
  }

  /** Closes all that haven't sent their start-up packet. */
  closeStarting(): void {
    for (const socket of this.#starting) socket.destroy();
  }

  #evictOldest(): boolean {
    for (const socket of this.#starting) {
      this.#counters.dropped++;
      this.leaveStart(socket);
      socket.destroy();
      return true;
    }
    return false;
  }
}
