import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { type BackendName, backend, type FrontendName, frontend } from '../../protocol/message-types.js';
import { type Disposition, type PendingReply, ReplyQueue } from '../../protocol/reply-queue.js';

interface Request extends PendingReply<string> {
  readonly name: FrontendName;
}

let count = 0;

function request(name: FrontendName, disposition: Disposition = 'forward'): Request {
  return { name, request: frontend[name], disposition, owner: `${name} ${++count}` };
}

/** A queue with these requests, and the owners of those that it says are skipped. */
function queueOf(...requests: readonly Request[]): { queue: ReplyQueue<Request>; skipped: string[] } {
  const skipped: string[] = [];
  const queue = new ReplyQueue<Request>(({ owner }) => skipped.push(owner));
  for (const each of requests) queue.push(each);
  return { queue, skipped };
}

const match = (queue: ReplyQueue<Request>, ...names: readonly BackendName[]): (string | undefined)[] =>
  names.map((name) => queue.match(backend[name])?.owner);

const owners = (...requests: readonly Request[]): string[] => requests.map(({ owner }) => owner);

t.test('each answer of a batch goes to the request that it answers', async (t) => {
  const batch = [
    request('Parse'),
    request('Bind'),
    request('Describe'),
    request('Execute'),
    request('Close'),
    request('Sync'),
  ] as const;
  const { queue, skipped } = queueOf(...batch);
  const [parse, bind, describe, execute, close, sync] = owners(...batch);
  t.equal(queue.size, 6);
  t.strictSame(
    match(queue, 'ParseComplete', 'BindComplete', 'RowDescription', 'DataRow', 'DataRow', 'CommandComplete'),
    [parse, bind, describe, execute, execute, execute],
  );
  t.strictSame(match(queue, 'CloseComplete', 'ReadyForQuery'), [close, sync]);
  t.equal(queue.size, 0);
  t.equal(queue.head, undefined);
  t.strictSame(skipped, []);
});

t.test('Describe of a statement has two answers, and of a portal without rows one', async (t) => {
  const [statement, portal] = [request('Describe'), request('Describe')];
  const { queue } = queueOf(statement, portal);
  t.strictSame(match(queue, 'ParameterDescription', 'NoData', 'NoData'), [
    statement.owner,
    statement.owner,
    portal.owner,
  ]);
});

t.test('each end that an Execute can have is its end', async (t) => {
  for (const end of ['CommandComplete', 'EmptyQueryResponse', 'PortalSuspended'] as const) {
    const [one, next] = [request('Execute'), request('Sync')];
    const { queue } = queueOf(one, next);
    t.strictSame(match(queue, end, 'ReadyForQuery'), [one.owner, next.owner], end);
  }
});

t.test('a simple query takes everything up to its ReadyForQuery, also after an error', async (t) => {
  const [one, two] = [request('Query'), request('Query')];
  const { queue, skipped } = queueOf(one, two);
  const results = ['RowDescription', 'DataRow', 'CommandComplete', 'CommandComplete', 'ErrorResponse'] as const;
  t.strictSame(match(queue, ...results, 'ReadyForQuery'), new Array<string>(results.length + 1).fill(one.owner));
  t.strictSame(match(queue, 'EmptyQueryResponse', 'ReadyForQuery'), [two.owner, two.owner]);
  t.strictSame(skipped, []);
});

t.test('a function call ends with its ReadyForQuery', async (t) => {
  const call = request('FunctionCall');
  const { queue } = queueOf(call);
  t.strictSame(match(queue, 'FunctionCallResponse', 'ReadyForQuery'), [call.owner, call.owner]);
  t.equal(queue.size, 0);
});

t.test('an error skips to the next Sync, and tells of what it skips from the last to the first', async (t) => {
  const failing = [request('Bind'), request('Execute'), request('Query')] as const;
  const rest = [request('Sync'), request('Parse')] as const;
  const { queue, skipped } = queueOf(...failing, ...rest);
  t.equal(queue.match(backend.ErrorResponse)?.owner, failing[0].owner);
  t.strictSame(skipped, owners(failing[2], failing[1]));
  t.notOk(queue.isSkipping, 'the Sync was sent already');
  t.strictSame(match(queue, 'ReadyForQuery', 'ParseComplete'), owners(...rest));
});

t.test('what comes after an error and before the Sync is skipped as it comes', async (t) => {
  const { queue, skipped } = queueOf(request('Parse'));
  queue.match(backend.ErrorResponse);
  t.ok(queue.isSkipping);
  const [late, sync, next] = [request('Execute'), request('Sync'), request('Query')];
  queue.push(late);
  t.strictSame(skipped, [late.owner]);
  queue.push(sync);
  t.notOk(queue.isSkipping);
  queue.push(next);
  t.strictSame(match(queue, 'ReadyForQuery', 'ReadyForQuery'), owners(sync, next));
});

t.test('an error in answer to a Sync is followed by its ReadyForQuery', async (t) => {
  const [sync, next] = [request('Sync'), request('Parse')];
  const { queue, skipped } = queueOf(sync, next);
  t.strictSame(match(queue, 'ErrorResponse', 'ReadyForQuery', 'ParseComplete'), [sync.owner, sync.owner, next.owner]);
  t.strictSame(skipped, []);
});

t.test('an answer that nothing waits for is matched to nothing', async (t) => {
  const { queue } = queueOf();
  t.strictSame(match(queue, 'ReadyForQuery', 'ErrorResponse', 'CommandComplete'), [undefined, undefined, undefined]);
  const execute = request('Execute');
  queue.push(execute);
  t.strictSame(match(queue, 'ReadyForQuery'), [undefined], 'a batch is not ready before its Sync');
  t.equal(queue.head, execute);
});

t.test('an answer of our own goes out when its turn comes, and no upstream answers it', async (t) => {
  const [parse, own, sync] = [request('Parse'), request('Close', 'synthesise'), request('Sync')];
  const { queue } = queueOf(parse, own, sync);
  t.equal(queue.takeSynthesised(), undefined, 'the Parse comes first');
  t.strictSame(match(queue, 'ParseComplete'), [parse.owner]);
  t.strictSame(match(queue, 'ReadyForQuery', 'ErrorResponse'), [undefined, undefined]);
  t.equal(queue.takeSynthesised(), own);
  t.equal(queue.takeSynthesised(), undefined);
  t.strictSame(match(queue, 'ReadyForQuery'), [sync.owner]);
});

t.test('an answer of our own behind an error is skipped with the rest', async (t) => {
  const own = request('Parse', 'synthesise');
  const { queue, skipped } = queueOf(request('Bind'), own, request('Sync'));
  queue.match(backend.ErrorResponse);
  t.strictSame(skipped, [own.owner]);
  t.equal(queue.takeSynthesised(), undefined);
});

t.test('a COPY takes back the Syncs sent before its data, which the server ignores', async (t) => {
  const [execute, sync] = [request('Execute'), request('Sync')];
  const { queue } = queueOf(execute, request('Sync'), request('Sync'), request('CopyDone'), sync);
  t.strictSame(match(queue, 'CopyInResponse'), [execute.owner]);
  t.strictSame(queue.enterCopyIn(), { ignoredSyncs: 2, isEnded: true });
  t.strictSame(match(queue, 'CommandComplete', 'ReadyForQuery'), [execute.owner, sync.owner]);
});

t.test('a COPY whose end was not sent yet goes on', async (t) => {
  const query = request('Query');
  const { queue } = queueOf(query);
  t.strictSame(match(queue, 'CopyInResponse'), [query.owner]);
  t.strictSame(queue.enterCopyIn(), { ignoredSyncs: 0, isEnded: false });
  queue.push(request('CopyDone'));
  t.strictSame(match(queue, 'CommandComplete', 'ReadyForQuery'), [query.owner, query.owner]);
  t.equal(queue.size, 0, 'the end of a copy has no answer of its own');
});

t.test('ends of a COPY that failed before are answered by nothing', async (t) => {
  const next = request('Query');
  const { queue } = queueOf(request('CopyFail'), request('CopyDone'), next);
  t.equal(queue.head, next);
  t.equal(queue.size, 1);
  t.strictSame(match(queue, 'ReadyForQuery'), [next.owner]);
});

t.test('what is drained is all that waits, in order, and the queue begins anew', async (t) => {
  const requests = [request('Parse'), request('Sync'), request('Query', 'swallow')] as const;
  const { queue } = queueOf(...requests);
  queue.match(backend.ParseComplete);
  t.strictSame(owners(...queue.drain()), owners(requests[1], requests[2]));
  t.equal(queue.size, 0);
  t.strictSame(queue.drain(), []);
  const after = request('Query');
  queue.push(after);
  t.strictSame(match(queue, 'ReadyForQuery'), [after.owner]);
});

t.test('a queue that is never empty does not grow', async (t) => {
  const { queue } = queueOf(request('Query'));
  for (let i = 0; i < 20_000; i++) {
    queue.push(request('Query'));
    assert(queue.match(backend.ReadyForQuery) !== undefined);
    assert.equal(queue.size, 1);
  }
  t.equal(queue.size, 1);
});

/*
 * The queue against a model of the server: the server takes requests one after the other and knows which one it
 * answers; the queue sees only types, at any time between two sends, and must say the same.
 */

interface Planned {
  readonly name: FrontendName;
  readonly fails: boolean;
  readonly disposition: Disposition;
  /** Chooses among the forms of an answer. */
  readonly form: number;
}

const planned = fc.record<Planned>({
  name: fc.constantFrom('Parse', 'Bind', 'Describe', 'Execute', 'Close', 'Sync', 'Sync', 'Query', 'FunctionCall'),
  fails: fc.boolean(),
  disposition: fc.constantFrom('forward', 'swallow', 'synthesise'),
  form: fc.nat(2),
});

function answersTo({ name, fails, form }: Planned): BackendName[] {
  const pick = (...forms: readonly BackendName[][]): BackendName[] => forms[form % forms.length] ?? [];
  const failed: BackendName[] = fails ? ['ErrorResponse'] : [];
  switch (name) {
    case 'Parse':
      return fails ? failed : ['ParseComplete'];
    case 'Bind':
      return fails ? failed : ['BindComplete'];
    case 'Close':
      return fails ? failed : ['CloseComplete'];
    case 'Describe':
      return fails ? failed : pick(['RowDescription'], ['ParameterDescription', 'RowDescription'], ['NoData']);
    case 'Execute':
      if (fails) return [...pick([], ['DataRow'], ['CopyOutResponse', 'CopyData']), ...failed];
      return pick(['DataRow', 'CommandComplete'], ['PortalSuspended'], ['EmptyQueryResponse']);
    case 'FunctionCall':
      return [...(fails ? failed : (['FunctionCallResponse'] as const)), 'ReadyForQuery'];
    case 'Query':
      return [...pick(['EmptyQueryResponse'], ['RowDescription', 'CommandComplete'], []), ...failed, 'ReadyForQuery'];
    default:
      return [...failed, 'ReadyForQuery'];
  }
}

const canBeOurs = new Set<FrontendName>(['Parse', 'Bind', 'Close', 'Describe']);

/** Plays one plan; `sendsFirst` says how many more requests are sent before each answer is looked at. */
function play(plan: readonly Planned[], sendsFirst: readonly number[]): void {
  const ended = new Map<string, string>();
  const end = (owner: string, how: string): void => {
    assert(!ended.has(owner), `${owner} ended twice`);
    ended.set(owner, how);
  };
  const queue = new ReplyQueue<Request>(({ owner }) => end(owner, 'skipped'));
  const requests = plan.map(({ name, disposition }) =>
    request(name, disposition === 'synthesise' && !canBeOurs.has(name) ? 'forward' : disposition),
  );
  let sent = 0;
  const sendUpTo = (target: number): void => {
    for (; sent < Math.min(target, requests.length); sent++) queue.push(requests[sent] as Request);
  };
  let isSkipping = false;
  for (const [i, current] of requests.entries()) {
    sendUpTo(Math.max(i + 1, sent + (sendsFirst[i] ?? 0)));
    if (current.name === 'Sync') isSkipping = false;
    if (isSkipping) {
      assert.equal(ended.get(current.owner), 'skipped');
      continue;
    }
    if (current.disposition === 'synthesise') {
      assert.equal(queue.takeSynthesised(), current);
      end(current.owner, 'taken');
      continue;
    }
    const answers = answersTo(plan[i] as Planned);
    for (const answer of answers) assert.equal(queue.match(backend[answer]), current, `${answer} to ${current.owner}`);
    isSkipping = answers.at(-1) === 'ErrorResponse';
    assert.notEqual(queue.head, current, 'it is done with');
    end(current.owner, 'answered');
  }
  assert.equal(queue.size, 0);
  assert.equal(ended.size, requests.length);
  assert.equal(queue.isSkipping, isSkipping);
}

t.test('whatever is sent and however it fails, each answer finds its request and each request ends once', async (t) => {
  const property = fc.property(fc.array(planned, { maxLength: 30 }), fc.array(fc.nat(8), { maxLength: 30 }), play);
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1000 }));
});
