import { backend, frontend } from './message-types.js';

/**
 * What happens to the messages that answer a request:
 * - `forward`     the client gets them as they come
 * - `swallow`     the request was ours; the client sees nothing of it unless it fails
 * - `synthesise`  nothing was sent upstream; the reply is ours and goes out when its turn comes
 */
export type Disposition = 'forward' | 'swallow' | 'synthesise';

/** One request that is to be answered. */
export interface PendingReply<Owner> {
  /** Type byte of the request; Describe is told apart by `describe`. */
  readonly request: number;
  readonly disposition: Disposition;
  /** Who takes the replies. */
  readonly owner: Owner;
}

const isEndOfExtended = new Set<number>([
  backend.ParseComplete,
  backend.BindComplete,
  backend.CloseComplete,
  backend.RowDescription,
  backend.NoData,
  backend.CommandComplete,
  backend.EmptyQueryResponse,
  backend.PortalSuspended,
]);

/**
 * The requests that one upstream has yet to answer, in the order in which they were sent, and which of them a message
 * from the upstream belongs to (PG 55.2.3 and 55.2.4). After an error in an extended batch everything up to the next
 * Sync is dropped, as the server skips it; what is sent in that stretch is dropped as it comes.
 */
export class ReplyQueue<Entry extends PendingReply<unknown>> {
  #entries: (Entry | undefined)[] = [];
  #first = 0;
  #isSkipping = false;

  get size(): number {
    return this.#entries.length - this.#first;
  }

  /** The server skips to the next Sync, which was not sent yet. */
  get isSkipping(): boolean {
    return this.#isSkipping;
  }

  get head(): Entry | undefined {
    return this.#entries[this.#first];
  }

  /** Notes a request; false when the server will skip it, so that no reply is due. */
  push(entry: Entry): boolean {
    if (this.#isSkipping) {
      if (entry.request !== frontend.Sync) return false;
      this.#isSkipping = false;
    }
    this.#entries.push(entry);
    return true;
  }

  /**
   * The request that a message of this type answers, or undefined where none is due. Notices, notifications and
   * parameter changes answer nothing and don't belong here.
   */
  match(type: number): Entry | undefined {
    const entry = this.head;
    if (entry === undefined || entry.disposition === 'synthesise') return undefined;
    if (type === backend.ErrorResponse) {
      this.#fail(entry);
    } else if (type === backend.ReadyForQuery) {
      if (!endsWithReady(entry.request)) return undefined;
      this.#shift();
    } else if (!endsWithReady(entry.request) && isEndOfExtended.has(type)) {
      this.#shift();
    }
    return entry;
  }

  /** Takes the head where it is a reply of our own, whose turn has come. */
  takeSynthesised(): Entry | undefined {
    const entry = this.head;
    if (entry?.disposition !== 'synthesise') return undefined;
    this.#shift();
    return entry;
  }

  /**
   * The head's Execute turned out to be a COPY FROM STDIN: the server reads on in copy mode, where Flush and Sync are
   * ignored (PG 55.2.6), so the Syncs right behind it will not be answered.
   */
  dropSyncsBehindHead(): number {
    let count = 0;
    while (this.#entries[this.#first + 1 + count]?.request === frontend.Sync) count += 1;
    this.#entries.splice(this.#first + 1, count);
    return count;
  }

  /** Everything that will not be answered any more, in order; the queue is empty afterwards. */
  drain(): Entry[] {
    const rest = this.#entries.slice(this.#first) as Entry[];
    this.#entries = [];
    this.#first = 0;
    this.#isSkipping = false;
    return rest;
  }

  #fail(entry: Entry): void {
    // A simple query or function call goes on to its own ReadyForQuery.
    if (entry.request === frontend.Query || entry.request === frontend.FunctionCall) return;
    // An error in answer to Sync (a deferred constraint at commit) is followed by its ReadyForQuery as well.
    while (this.head !== undefined && this.head.request !== frontend.Sync) this.#shift();
    this.#isSkipping = this.head === undefined;
  }

  #shift(): void {
    this.#entries[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === this.#entries.length) {
      this.#entries.length = 0;
      this.#first = 0;
    } else if (this.#first >= 1024) {
      this.#entries.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

function endsWithReady(request: number): boolean {
  return request === frontend.Query || request === frontend.Sync || request === frontend.FunctionCall;
}
