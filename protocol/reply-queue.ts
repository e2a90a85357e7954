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
  /** Type byte of the request. */
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
 * Sync is dropped, as the server skips it; what is sent in that stretch is dropped as it comes. Each request ends in one
 * of three ways: its last reply comes, `onSkipped` is told of it, or it is in what `drain` gives.
 */
export class ReplyQueue<Entry extends PendingReply<unknown>> {
  #entries: (Entry | undefined)[] = [];
  #first = 0;
  #isSkipping = false;
  readonly #onSkipped: (entry: Entry) => void;

  constructor(onSkipped: (entry: Entry) => void) {
    this.#onSkipped = onSkipped;
  }

  get size(): number {
    return this.head === undefined ? 0 : this.#entries.length - this.#first;
  }

  /** The server skips to the next Sync, which was not sent yet. */
  get isSkipping(): boolean {
    return this.#isSkipping;
  }

  /** The request that is answered next. */
  get head(): Entry | undefined {
    while (isSilent(this.#entries[this.#first])) this.#shift();
    return this.#entries[this.#first];
  }

  /** What is yet to be answered, in order. */
  get pending(): readonly Entry[] {
    return this.head === undefined ? [] : (this.#entries.slice(this.#first) as Entry[]);
  }

  /** Notes a request, unless the server will skip it. */
  push(entry: Entry): void {
    if (this.#isSkipping) {
      if (entry.request !== frontend.Sync) return this.#onSkipped(entry);
      this.#isSkipping = false;
    }
    this.#entries.push(entry);
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
   * The head turned out to be a COPY FROM STDIN: until CopyDone or CopyFail the server is in copy mode and ignores
   * Sync (PG 55.2.6), so the ones sent before that will not be answered; how many these are. `isEnded` when the end of
   * the copy was sent as well.
   */
  enterCopyIn(): { readonly ignoredSyncs: number; readonly isEnded: boolean } {
    const next = this.#first + 1;
    let at = next;
    while (this.#entries[at]?.request === frontend.Sync) at += 1;
    const ignoredSyncs = at - next;
    const isEnded = isSilent(this.#entries[at]);
    this.#entries.splice(next, ignoredSyncs + (isEnded ? 1 : 0));
    return { ignoredSyncs, isEnded };
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
    if (entry.request === frontend.Sync) return;
    this.#shift();
    let end = this.#first;
    while (end < this.#entries.length && this.#entries[end]?.request !== frontend.Sync) end += 1;
    const skipped = this.#entries.splice(this.#first, end - this.#first) as Entry[];
    this.#isSkipping = this.head === undefined;
    // Last one first, so that what each of them assumed can be taken back.
    for (const each of skipped.reverse()) this.#onSkipped(each);
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

/** CopyDone and CopyFail are kept for their place alone: they end a copy, or are ignored where there is none. */
function isSilent(entry: PendingReply<unknown> | undefined): boolean {
  return entry !== undefined && (entry.request === frontend.CopyDone || entry.request === frontend.CopyFail);
}

function endsWithReady(request: number): boolean {
  return request === frontend.Query || request === frontend.Sync || request === frontend.FunctionCall;
}
