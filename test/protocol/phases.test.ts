import t from 'tap';
import { backend, type FrontendName, frontend } from '../../protocol/message-types.js';
import {
  type Act,
  afterReply,
  type CopyOrigin,
  type Phase,
  startupStep,
  step,
  violation,
} from '../../protocol/phases.js';

type Expected = readonly [Act, Phase];
const violated: Expected = ['violation', 'closed'];

/** The whole of what a client may do, once more and by hand, so that no row of the table changes unseen. */
const expected: Readonly<Record<string, Readonly<Record<FrontendName, Expected>>>> = {
  startup: everything(violated),
  authenticate: { ...everything(violated), PasswordMessage: ['accept', 'authenticate'] },
  ready: betweenMessages('ready'),
  batch: betweenMessages('batch'),
  skipToSync: {
    ...everything(['skip', 'skipToSync']),
    PasswordMessage: violated,
    Sync: ['accept', 'ready'],
    Terminate: ['accept', 'closed'],
  },
  'copyIn from ready': {
    ...everything(violated),
    CopyData: ['accept', 'copyIn'],
    CopyDone: ['accept', 'ready'],
    CopyFail: ['accept', 'ready'],
    Flush: ['ignore', 'copyIn'],
    Sync: ['ignore', 'copyIn'],
  },
  'copyIn from batch': {
    ...everything(violated),
    CopyData: ['accept', 'copyIn'],
    CopyDone: ['accept', 'batch'],
    CopyFail: ['accept', 'skipToSync'],
    Flush: ['ignore', 'copyIn'],
    Sync: ['ignore', 'copyIn'],
  },
  closed: everything(['ignore', 'closed']),
};

function everything(what: Expected): Record<FrontendName, Expected> {
  const row: Partial<Record<FrontendName, Expected>> = {};
  for (const name of Object.keys(frontend) as FrontendName[]) row[name] = what;
  return row as Record<FrontendName, Expected>;
}

function betweenMessages(phase: Phase): Record<FrontendName, Expected> {
  return {
    ...everything(['accept', 'batch']),
    Query: ['accept', 'ready'],
    FunctionCall: ['accept', 'ready'],
    Sync: ['accept', 'ready'],
    Terminate: ['accept', 'closed'],
    CopyData: ['ignore', phase],
    CopyDone: ['ignore', phase],
    CopyFail: ['ignore', phase],
    PasswordMessage: violated,
  };
}

for (const [where, row] of Object.entries(expected)) {
  const [phase, , origin = 'ready'] = where.split(' ') as [Phase, string?, CopyOrigin?];
  t.test(`each message in ${where} is accepted, skipped, ignored or a violation, and leads to its phase`, async (t) => {
    for (const [name, [act, next]] of Object.entries(row) as [FrontendName, Expected][]) {
      t.strictSame(step(phase, frontend[name], origin), { act, next }, name);
    }
  });

  t.test(`a type that no message has, in ${where}`, async (t) => {
    const known = new Set<number>(Object.values(frontend));
    const act = phase === 'closed' ? 'ignore' : 'violation';
    for (let type = 0; type < 256; type++) {
      if (!known.has(type)) t.strictSame(step(phase, type, origin), { act, next: 'closed' }, `${type}`);
    }
  });
}

t.test('encryption may be asked for before the start-up, and a cancel request is all of a connection', async (t) => {
  t.strictSame(startupStep('ssl'), { act: 'accept', next: 'startup' });
  t.strictSame(startupStep('gssenc'), { act: 'accept', next: 'startup' });
  t.strictSame(startupStep('startup'), { act: 'accept', next: 'authenticate' });
  t.strictSame(startupStep('cancel'), { act: 'accept', next: 'closed' });
});

t.test('an error in a batch skips to Sync, one outside does not', async (t) => {
  t.equal(afterReply('batch', backend.ErrorResponse), 'skipToSync');
  t.equal(afterReply('ready', backend.ErrorResponse), 'ready');
  t.equal(afterReply('skipToSync', backend.ErrorResponse), 'skipToSync');
  t.equal(afterReply('authenticate', backend.ErrorResponse), 'closed');
  t.equal(afterReply('startup', backend.ErrorResponse), 'closed');
});

t.test('an error in a COPY leads to where the COPY came from', async (t) => {
  t.equal(afterReply('copyIn', backend.ErrorResponse, 'ready'), 'ready');
  t.equal(afterReply('copyIn', backend.ErrorResponse, 'batch'), 'skipToSync');
});

t.test('a COPY begins with the answer and not with the statement', async (t) => {
  t.equal(afterReply('ready', backend.CopyInResponse), 'copyIn');
  t.equal(afterReply('batch', backend.CopyInResponse), 'copyIn');
  t.equal(afterReply('ready', backend.CopyBothResponse), 'copyIn');
  t.equal(afterReply('ready', backend.CopyOutResponse), 'ready');
});

t.test('a login ends with the first ReadyForQuery', async (t) => {
  t.equal(afterReply('authenticate', backend.Authentication), 'authenticate');
  t.equal(afterReply('authenticate', backend.ParameterStatus), 'authenticate');
  t.equal(afterReply('authenticate', backend.ReadyForQuery), 'ready');
});

t.test('answers that are only told leave every phase as it is', async (t) => {
  const phases: readonly Phase[] = ['authenticate', 'ready', 'batch', 'skipToSync', 'copyIn', 'closed'];
  for (const phase of phases) {
    for (const name of ['NoticeResponse', 'ParameterStatus', 'NotificationResponse', 'DataRow'] as const) {
      t.equal(afterReply(phase, backend[name]), phase, `${name} in ${phase}`);
    }
  }
});

t.test('what follows an error in a batch runs only behind the Sync', async (t) => {
  let phase: Phase = step('ready', frontend.Parse).next;
  phase = afterReply(phase, backend.ErrorResponse);
  for (const name of ['Bind', 'Execute', 'Query', 'CopyData', 'FunctionCall'] as const) {
    t.equal(step(phase, frontend[name]).act, 'skip', name);
    phase = step(phase, frontend[name]).next;
  }
  phase = step(phase, frontend.Sync).next;
  t.strictSame(step(phase, frontend.Query), { act: 'accept', next: 'ready' });
});

t.test('violations are told in PostgreSQL’s words, and are fatal', async (t) => {
  const says = (phase: Phase, type: number, message: string, expectedAnswer?: 'SASL') =>
    t.match(violation(phase, type, expectedAnswer), { message, sqlstate: '08P01', fatal: true, isSilent: false });
  says('ready', frontend.PasswordMessage, 'invalid frontend message type 112');
  says('skipToSync', 0x21, 'invalid frontend message type 33');
  says('copyIn', frontend.Terminate, 'unexpected message type 0x58 during COPY from stdin');
  says('copyIn', 7, 'unexpected message type 0x07 during COPY from stdin');
  says('authenticate', frontend.Query, 'expected password response, got message type 81');
  says('authenticate', frontend.Query, 'expected SASL response, got message type 81', 'SASL');
});
