import { framingRules, passes } from '../../../protocol/frame-reader.js';
import { backend } from '../../../protocol/message-types.js';

/** PostgreSQL builds a message in one allocation, so none is larger (MaxAllocSize). */
const largestBodyBytes = 0x3fffffff;
/** A row description above this is passed on in pieces and not looked into. */
const heldBytes = 64 * 1024;
/** An error or notice above this is cut. Contexts of deep recursions have some hundred thousand bytes. */
const reportBytes = 1024 * 1024;

const held = { hold: heldBytes, maxBody: largestBodyBytes };
const passed = { hold: passes, maxBody: largestBodyBytes };
const report = { hold: reportBytes, maxBody: largestBodyBytes };
const everyType = Object.values(backend);

/** Rows and copy data go by unseen; everything else is looked at. */
export const replyRules = framingRules(
  everyType.map((type) => [type, ruleOf(type, type === backend.DataRow || type === backend.CopyData)]),
);

const passedOnLanes: ReadonlySet<number> = new Set([
  backend.BindComplete,
  backend.ParameterDescription,
  backend.NoData,
  backend.RowDescription,
  backend.DataRow,
]);

/** On a shared lane replies are taken by the exchange: only what changes what becomes of it is looked at. */
export const laneRules = framingRules(everyType.map((type) => [type, ruleOf(type, passedOnLanes.has(type))]));

/** For questions of our own, whose rows we read; none of them is larger than this. */
export const ownQueryRules = heldUpTo(1024 * 1024);

/** For a database's catalog, of which a section is one value (see the limits of src/catalog/load-catalog.ts). */
export const catalogRules = heldUpTo(512 * 1024 * 1024);

function ruleOf(type: number, isPassed: boolean) {
  if (type === backend.ErrorResponse || type === backend.NoticeResponse) return report;
  return isPassed ? passed : held;
}

function heldUpTo(bytes: number) {
  return framingRules(everyType.map((type) => [type, { hold: bytes, maxBody: bytes }]));
}
