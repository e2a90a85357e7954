import t from 'tap';
import { errorCodes } from '../../src/errors/error-codes.js';
import { ProxyError } from '../../src/errors/proxy-error.js';

t.test('an error has what its code stands for', async (t) => {
  const error = new ProxyError('noFreeConnection', 'no connection became free within 60 s', { hint: 'Try again.' });
  t.match(error, {
    name: 'ProxyError',
    code: 'noFreeConnection',
    sqlstate: '53300',
    severity: 'ERROR',
    fault: 'proxy',
    retryable: true,
    clientMessage: 'no connection became free within 60 s',
    hint: 'Try again.',
    detail: undefined,
  });
  t.ok(error instanceof Error);
});

t.test('the place of the error may know better than its code', async (t) => {
  const error = new ProxyError('upstreamUnavailable', 'gone', {
    severity: 'FATAL',
    sqlstate: '08001',
    retryable: false,
  });
  t.match(error, { severity: 'FATAL', sqlstate: '08001', retryable: false, fault: 'upstream' });
});

t.test('a cause is kept for the log and is not in what a client reads', async (t) => {
  const cause = new Error('connect ECONNREFUSED 10.0.0.7:5432');
  const error = new ProxyError('upstreamUnavailable', 'the database is not reachable', { cause });
  t.equal(error.cause, cause);
  t.notMatch([error.clientMessage, error.detail, error.hint].join(), /10\.0\.0\.7/);
  t.notOk('cause' in new ProxyError('internal', 'x'), 'no cause, no property');
});

t.test('every code has a SQLSTATE of five characters and a situation of its own', async (t) => {
  const situations = new Set<string>();
  for (const [code, { sqlstate, situation }] of Object.entries(errorCodes)) {
    t.match(sqlstate, /^[0-9A-Z]{5}$/, code);
    t.notOk(situations.has(situation), code);
    situations.add(situation);
  }
});

t.test('what was sent upstream is never called retryable by its code alone', async (t) => {
  for (const code of [
    'upstreamLost',
    'upstreamLostInTransaction',
    'queryTimeout',
    'queryCanceled',
    'internal',
  ] as const) {
    t.equal(errorCodes[code].retryable, false, code);
  }
});
