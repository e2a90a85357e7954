import { framingRules, passes } from '../../../protocol/frame-reader.js';
import { maxBodyBytes } from '../../../protocol/message-bounds.js';
import { frontend } from '../../../protocol/message-types.js';

/** Statement texts up to this are looked at, and can be parsed again on another upstream. */
const statementHeldBytes = 1024 * 1024;
/** Of a larger Bind only the beginning is held: its names are there, its values pass. */
const valuesHeldBytes = 64 * 1024;

const heldBytes = new Map<number, number>([
  [frontend.Query, statementHeldBytes],
  [frontend.Parse, statementHeldBytes],
  [frontend.Bind, valuesHeldBytes],
  [frontend.FunctionCall, valuesHeldBytes],
  [frontend.CopyData, passes],
]);

/** What a client may send once it is authenticated, in the server's own bounds; short messages are held whole. */
export const clientRules = framingRules(
  Object.values(frontend).flatMap((type) => {
    const maxBody = maxBodyBytes('ready', type);
    return maxBody === null ? [] : [[type, { hold: heldBytes.get(type) ?? maxBody, maxBody }] as const];
  }),
);
