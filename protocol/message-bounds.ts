import { backend, frontend } from './message-types.js';
import { type Phase, step } from './phases.js';

/*
 * How long a message may be. PostgreSQL counts the length word in its limits for typed messages (pq_getmessage), and
 * doesn't for the start-up packet (ProcessStartupPacket); all values here are bytes of the body alone.
 */
const lengthWordBytes = 4;

/** MAX_STARTUP_PACKET_LENGTH */
export const startupBodyBytesMax = 10_000;
/** The protocol version, or the code that stands for a request. */
export const startupBodyBytesMin = 4;
/** PG_MAX_AUTH_TOKEN_LENGTH */
export const passwordBodyBytesMax = 65_535 - lengthWordBytes;
/** PQ_SMALL_MESSAGE_LIMIT: messages that carry a name at most. */
export const smallBodyBytesMax = 10_000 - lengthWordBytes;
/** PQ_LARGE_MESSAGE_LIMIT: one less than the largest block that PostgreSQL allocates, 1 GB. */
export const largeBodyBytesMax = 0x3fffffff - 1 - lengthWordBytes;
/** What libpq believes of a message that has no business being long. */
export const smallReplyBodyBytesMax = 30_000 - lengthWordBytes;

const largeTypes = new Set<number>([
  frontend.Query,
  frontend.FunctionCall,
  frontend.Parse,
  frontend.Bind,
  frontend.CopyData,
]);

/** Those whose length hangs on data, names or settings. libpq's list lacks the last two, and they can be long. */
const largeReplyTypes = new Set<number>([
  backend.RowDescription,
  backend.DataRow,
  backend.CopyData,
  backend.FunctionCallResponse,
  backend.ErrorResponse,
  backend.NoticeResponse,
  backend.NotificationResponse,
  backend.ParameterDescription,
  backend.ParameterStatus,
]);

/**
 * The longest body that PostgreSQL takes of a client's message, in bytes; null where the type alone is a violation in
 * this phase. Longer ones make it close the connection without a word. In `startup` the type doesn't matter.
 */
export function maxBodyBytes(phase: Phase, type: number): number | null {
  if (phase === 'startup') return startupBodyBytesMax;
  if (step(phase, type).act === 'violation') return null;
  if (phase === 'authenticate') return passwordBodyBytesMax;
  return largeTypes.has(type) ? largeBodyBytesMax : smallBodyBytesMax;
}

/** The longest body to believe an upstream, in bytes. */
export function maxReplyBodyBytes(type: number): number {
  return largeReplyTypes.has(type) ? largeBodyBytesMax : smallReplyBodyBytesMax;
}
