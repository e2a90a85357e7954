import { framingRules, passes } from '../../protocol/frame-reader.js';
import { frontend } from '../../protocol/message-types.js';

/** PQ_LARGE_MESSAGE_LIMIT and PQ_SMALL_MESSAGE_LIMIT of PostgreSQL's libpq.h, without the length word. */
const largeBodyBytes = 0x3fffffff - 1 - 4;
const smallBodyBytes = 10_000 - 4;

/** Statement texts up to this are looked at, and can be parsed again on another upstream. */
export const statementHeldBytes = 1024 * 1024;
/** Of a larger Bind only the beginning is held: its names are there, its values pass. */
const bindHeldBytes = 64 * 1024;

const small = { hold: smallBodyBytes, maxBody: smallBodyBytes };
const text = { hold: statementHeldBytes, maxBody: largeBodyBytes };

/** What a client may send once it is authenticated. */
export const clientRules = framingRules([
  [frontend.Query, text],
  [frontend.Parse, text],
  [frontend.Bind, { hold: bindHeldBytes, maxBody: largeBodyBytes }],
  [frontend.FunctionCall, { hold: bindHeldBytes, maxBody: largeBodyBytes }],
  [frontend.CopyData, { hold: passes, maxBody: largeBodyBytes }],
  [frontend.Describe, small],
  [frontend.Execute, small],
  [frontend.Close, small],
  [frontend.Flush, small],
  [frontend.Sync, small],
  [frontend.Terminate, small],
  [frontend.CopyDone, small],
  [frontend.CopyFail, small],
]);
