import { backend, frontend } from '../../../protocol/message-types.js';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeBind } from '../../../protocol/messages/bind.js';
import { flushFrame } from '../../../protocol/messages/bodiless.js';
import { encodeClose } from '../../../protocol/messages/close.js';
import { decodeDataRow } from '../../../protocol/messages/data-row.js';
import { decodeErrorResponse, type ErrorFields } from '../../../protocol/messages/error-response.js';
import { encodeExecute } from '../../../protocol/messages/execute.js';
import { encodeParse } from '../../../protocol/messages/parse.js';
import { queryFrame } from '../../../protocol/messages/query.js';
import { type PostgresUpstream, type ReplyOwner, type UpstreamLoss, UpstreamRequest } from './postgres-upstream.js';

/** How a question of our own ended: the first column of the last row, or what the server said against it. */
export type OwnAnswer =
  | { readonly kind: 'value'; readonly value: string | null }
  | { readonly kind: 'refused'; readonly error: ErrorFields }
  | { readonly kind: 'lost'; readonly loss: UpstreamLoss };

/** How long a server may take over a question of ours, milliseconds. */
const answerWithinMs = 10_000;

/** How large an answer may be, and how long it may take. */
export interface AnswerBounds {
  readonly user: 'question' | 'catalog';
  readonly withinMs: number;
}

const usualBounds: AnswerBounds = { user: 'question', withinMs: answerWithinMs };

/**
 * Sends one simple query of our own over an upstream that no client uses at the moment, and reads its answer. A server
 * that doesn't give one in time is given up. `onAnswer` is called once. The text is ASCII, so that it means the same in every client encoding.
 */
export function askUpstream(
  upstream: PostgresUpstream,
  sql: string,
  onAnswer: (answer: OwnAnswer) => void,
  { user, withinMs }: AnswerBounds = usualBounds,
): void {
  sendQuery(upstream, sql, new OwnQuery(answeredInTime(upstream, onAnswer, { user, withinMs })));
}

/**
 * As `askUpstream`, within a batch whose requests so far are answered and whose Sync hasn't come: by the extended query,
 * under names of our own, so that nothing of the client's is touched. Should the server refuse, the batch has failed.
 */
export function askWithinBatch(upstream: PostgresUpstream, sql: string, onAnswer: (answer: OwnAnswer) => void): void {
  const owner = new OwnQuery(answeredInTime(upstream, onAnswer, usualBounds));
  const writer = new MessageWriter();
  encodeParse(writer, { statement: ownName, query: sql, parameterTypes: [] });
  encodeBind(writer, {
    ...{ portal: ownName, statement: ownName },
    ...{ parameterFormats: [], parameters: [], resultFormats: [] },
  });
  encodeExecute(writer, { portal: ownName, rowsMax: 0 });
  encodeClose(writer, { target: 'portal', name: ownName });
  encodeClose(writer, { target: 'statement', name: ownName });
  upstream.send(writer.take());
  upstream.send(flushFrame);
  const { Parse, Bind, Execute, Close } = frontend;
  for (const type of [Parse, Bind, Execute, Close]) upstream.expect(new UpstreamRequest(type, 'swallow', owner));
  upstream.expect(new UpstreamRequest(Close, 'swallow', owner, endOfBatch));
}

/** Of a statement and a portal that are there for a moment. */
const ownName = 'pgturnstile: question';
/** The note of the last request of a question in a batch. */
const endOfBatch = Symbol('end of batch');

/** Reads the answer to a question, and gives up a server that doesn't give one. */
function answeredInTime(
  upstream: PostgresUpstream,
  onAnswer: (answer: OwnAnswer) => void,
  { user, withinMs }: AnswerBounds,
): (answer: OwnAnswer) => void {
  upstream.readFor(user);
  const timer = setTimeout(() => upstream.giveUp(new Error('the server does not answer')), withinMs);
  return (answer) => {
    clearTimeout(timer);
    upstream.readFor('client');
    onAnswer(answer);
  };
}

/**
 * Sends a query of our own between a client's, whose outcome nobody waits for: errors and rows go nowhere. What the
 * server reports of its settings is for the client.
 */
export function tellUpstream(upstream: PostgresUpstream, sql: string, onDone: () => void): void {
  sendQuery(upstream, sql, new OwnQuery(onDone, upstream));
}

function sendQuery(upstream: PostgresUpstream, sql: string, owner: ReplyOwner): void {
  upstream.send(queryFrame(sql));
  upstream.unnamed = 0;
  upstream.expect(new UpstreamRequest(frontend.Query, 'swallow', owner));
}

class OwnQuery implements ReplyOwner {
  #answer: OwnAnswer = { kind: 'value', value: null };
  readonly #onAnswer: (answer: OwnAnswer) => void;
  /** Whose client gets what comes unasked; null: nobody. */
  readonly #upstream: PostgresUpstream | null;

  constructor(onAnswer: (answer: OwnAnswer) => void, upstream: PostgresUpstream | null = null) {
    this.#onAnswer = onAnswer;
    this.#upstream = upstream;
  }

  onReply(request: UpstreamRequest, type: number, buffer: Buffer, start: number, end: number): void {
    const body = buffer.subarray(start + 5, end);
    if (type === backend.DataRow) {
      const value = decodeDataRow(body).values[0];
      this.#answer = { kind: 'value', value: value?.toString('utf8') ?? null };
    } else if (type === backend.ErrorResponse) {
      this.#answer = { kind: 'refused', error: decodeErrorResponse(body) };
      // The server skips what is left of a batch.
      if (request.request !== frontend.Query) this.#onAnswer(this.#answer);
    } else if (type === backend.ReadyForQuery || request.note === endOfBatch) {
      this.#onAnswer(this.#answer);
    }
  }

  onLost(loss: UpstreamLoss): void {
    this.#onAnswer({ kind: 'lost', loss });
  }

  onAsync(type: number, buffer: Buffer, start: number, end: number): void {
    this.#upstream?.attached?.onAsync(type, buffer, start, end);
  }

  onBytes(): void {}
  onTurn(): void {}
  onSkipped(): void {}
}
