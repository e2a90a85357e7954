import { type BackendName, backend, type FrontendName, frontend } from './message-types.js';
import { ProtocolError } from './protocol-error.js';
import type { StartupPacket } from './startup-packet.js';

/**
 * Where a client's side of a connection stands (PG 55.2):
 * - `startup`       nothing but start-up packets, which have no type byte
 * - `authenticate`  from the StartupMessage to the first ReadyForQuery
 * - `ready`         between exchanges
 * - `batch`         an extended query under way, before its Sync
 * - `skipToSync`    a message of the batch failed: what follows is thrown away up to the Sync
 * - `copyIn`        a COPY ... FROM STDIN takes its data
 * - `closed`        nothing is read any more
 */
export type Phase = 'startup' | 'authenticate' | 'ready' | 'batch' | 'skipToSync' | 'copyIn' | 'closed';

/**
 * What to do with a message:
 * - `accept`     act on it
 * - `ignore`     it is allowed here and means nothing
 * - `skip`       an earlier error has taken its effect away
 * - `violation`  answer with `violation(phase, type)` and close
 */
export type Act = 'accept' | 'ignore' | 'skip' | 'violation';

export interface Step {
  readonly act: Act;
  /** Where the message leads when it succeeds. What an answer changes is in `afterReply`. */
  readonly next: Phase;
}

/** The phase that a COPY began in, by a Query or by an Execute, decides where its end leads. */
export type CopyOrigin = 'ready' | 'batch';

type Row<Name extends string> = Readonly<Partial<Record<Name, Step>>>;

const to = (next: Phase): Step => ({ act: 'accept', next });
const ignoredIn = (phase: Phase): Step => ({ act: 'ignore', next: phase });
const skipped: Step = { act: 'skip', next: 'skipToSync' };
const violated: Step = { act: 'violation', next: 'closed' };

const startupRow: Readonly<Record<StartupPacket['kind'], Step>> = {
  startup: to('authenticate'),
  ssl: to('startup'),
  gssenc: to('startup'),
  cancel: to('closed'),
};

/** What a server does that waits for a Query as well as one that has half a batch; it goes by the message alone. */
const commands = {
  Query: to('ready'),
  FunctionCall: to('ready'),
  Parse: to('batch'),
  Bind: to('batch'),
  Describe: to('batch'),
  Execute: to('batch'),
  Close: to('batch'),
  Flush: to('batch'),
  Sync: to('ready'),
  Terminate: to('closed'),
} as const satisfies Row<FrontendName>;

/** A COPY that failed at the server may still get what its client had sent by then (PG 55.2.6). */
const strayCopy = (phase: Phase): Row<FrontendName> => ({
  CopyData: ignoredIn(phase),
  CopyDone: ignoredIn(phase),
  CopyFail: ignoredIn(phase),
});

/** Every message that a row leaves out is a violation, or nothing where nobody reads. PasswordMessage has its place in `authenticate` only. */
const clientRows: Readonly<Record<Phase, Row<FrontendName>>> = {
  startup: {},
  authenticate: { PasswordMessage: to('authenticate') },
  ready: { ...commands, ...strayCopy('ready') },
  batch: { ...commands, ...strayCopy('batch') },
  skipToSync: {
    Query: skipped,
    FunctionCall: skipped,
    Parse: skipped,
    Bind: skipped,
    Describe: skipped,
    Execute: skipped,
    Close: skipped,
    Flush: skipped,
    CopyData: skipped,
    CopyDone: skipped,
    CopyFail: skipped,
    Sync: to('ready'),
    Terminate: to('closed'),
  },
  // Terminate isn't among these: PostgreSQL takes it for any other message here.
  copyIn: {
    CopyData: to('copyIn'),
    CopyDone: to('ready'),
    CopyFail: to('ready'),
    Flush: ignoredIn('copyIn'),
    Sync: ignoredIn('copyIn'),
  },
  closed: {},
};

/** A COPY in a batch is a part of it: its end leads back, and CopyFail is an error like any other there. */
const copyInBatchRow: Row<FrontendName> = {
  ...clientRows.copyIn,
  CopyDone: to('batch'),
  CopyFail: to('skipToSync'),
};

/** What the answers change; those left out change nothing. */
const replyRows: Readonly<Record<Phase, Readonly<Partial<Record<BackendName, Phase>>>>> = {
  startup: { ErrorResponse: 'closed' },
  authenticate: { ReadyForQuery: 'ready', ErrorResponse: 'closed' },
  ready: { CopyInResponse: 'copyIn', CopyBothResponse: 'copyIn' },
  batch: { CopyInResponse: 'copyIn', CopyBothResponse: 'copyIn', ErrorResponse: 'skipToSync' },
  skipToSync: {},
  copyIn: { ErrorResponse: 'ready' },
  closed: {},
};

const copyInBatchReplyRow: Readonly<Partial<Record<BackendName, Phase>>> = { ErrorResponse: 'skipToSync' };

const stepsByType = mapRows(clientRows, (row, phase) =>
  byType(row, frontend, phase === 'closed' ? ignoredIn('closed') : violated),
);
const copyInBatchSteps = byType(copyInBatchRow, frontend, violated);
const repliesByType = mapRows(replyRows, (row) => byType(row, backend, undefined));
const copyInBatchReplies = byType(copyInBatchReplyRow, backend, undefined);

/** What a message with this type byte does in this phase. Looks up, allocates nothing. */
export function step(phase: Phase, type: number, copyOrigin: CopyOrigin = 'ready'): Step {
  const steps = phase === 'copyIn' && copyOrigin === 'batch' ? copyInBatchSteps : stepsByType[phase];
  return steps[type] ?? violated;
}

/** What a start-up packet does. That each kind of encryption is asked for once only is for the caller to watch. */
export function startupStep(kind: StartupPacket['kind']): Step {
  return startupRow[kind];
}

/**
 * The phase after an answer with this type byte has been made, for the side that answers: it makes the answer before
 * it looks at the next message. (A proxy in the middle has seen later messages by then, and needs a reply queue.)
 * A FATAL error leads to `closed` from everywhere; the type byte doesn't show that.
 */
export function afterReply(phase: Phase, type: number, copyOrigin: CopyOrigin = 'ready'): Phase {
  const replies = phase === 'copyIn' && copyOrigin === 'batch' ? copyInBatchReplies : repliesByType[phase];
  return replies[type] ?? phase;
}

/** Follows the error for a violation in `copyIn`, as a FATAL of its own. */
export const synchronizationLost = 'terminating connection because protocol synchronization was lost';

/**
 * PostgreSQL's error for a message that the phase doesn't allow. All are 08P01 and FATAL but the one in `copyIn`, which
 * is an ERROR with the FATAL `synchronizationLost` behind it.
 */
export function violation(phase: Phase, type: number, expected: 'password' | 'SASL' = 'password'): ProtocolError {
  return new ProtocolError('08P01', violationText(phase, type, expected), { fatal: true });
}

function violationText(phase: Phase, type: number, expected: string): string {
  if (phase === 'authenticate') return `expected ${expected} response, got message type ${type}`;
  if (phase === 'copyIn') {
    return `unexpected message type 0x${type.toString(16).toUpperCase().padStart(2, '0')} during COPY from stdin`;
  }
  return `invalid frontend message type ${type}`;
}

function mapRows<Value, Result>(
  rows: Readonly<Record<Phase, Value>>,
  map: (row: Value, phase: Phase) => Result,
): Readonly<Record<Phase, Result>> {
  return {
    startup: map(rows.startup, 'startup'),
    authenticate: map(rows.authenticate, 'authenticate'),
    ready: map(rows.ready, 'ready'),
    batch: map(rows.batch, 'batch'),
    skipToSync: map(rows.skipToSync, 'skipToSync'),
    copyIn: map(rows.copyIn, 'copyIn'),
    closed: map(rows.closed, 'closed'),
  };
}

/** A row by name as a list by type byte. */
function byType<Name extends string, Value>(
  row: Readonly<Partial<Record<Name, Value>>>,
  types: Readonly<Record<Name, number>>,
  otherwise: Value,
): readonly Value[] {
  const list = new Array<Value>(256).fill(otherwise);
  for (const name of Object.keys(row) as Name[]) list[types[name]] = row[name] ?? otherwise;
  return list;
}
