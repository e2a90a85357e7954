import t from 'tap';
import { PendingUnlistens } from '../../../src/session/notifications/pending-unlistens.js';
import { sessionEffects } from '../../../src/sql/session-effects.js';

/** What holds after these statements, each of which completes with its tag; the last one leaves the session idle. */
function leftAfter(text: string, tags: Readonly<Record<string, string>> = {}): readonly string[] {
  const unlistens = new PendingUnlistens();
  for (const statement of sessionEffects(text).statements ?? []) {
    const tag = statement.command.split(' ')[0]?.toUpperCase() ?? '';
    unlistens.onCompleted(statement, tags[statement.command] ?? tag);
  }
  return unlistens.take(true);
}

const left: Record<string, readonly string[]> = {
  'unlisten a': ['a'],
  'unlisten "A b"; unlisten *': ['A b', '*'],
  'discard all': ['*'],
  'begin; unlisten a; rollback': [],
  'begin; unlisten a; abort': [],
  'unlisten a; commit; unlisten b; rollback': ['a'],
  'unlisten a; savepoint s; unlisten b; rollback to s; unlisten c': ['a', 'c'],
  'savepoint s; unlisten a; rollback to s; rollback to s': [],
  'savepoint s; savepoint s; unlisten a; rollback to s; unlisten b; release s; rollback to s': [],
  'savepoint s; unlisten a; savepoint u; unlisten b; release s': ['a', 'b'],
  'savepoint s; unlisten a; savepoint u; unlisten b; rollback to savepoint u': ['a'],
  'unlisten a; commit and chain; unlisten b; rollback and chain': ['a'],
  'listen a; select 1': [],
};

for (const [text, expected] of Object.entries(left)) {
  t.test(text, async (t) => t.same(leftAfter(text, { abort: 'ROLLBACK', 'rollback to': 'ROLLBACK' }), expected));
}

t.test('COMMIT of a failed transaction undoes what it did', async (t) => {
  t.same(leftAfter('begin; unlisten a; commit', { commit: 'ROLLBACK' }), []);
});

t.test('nothing holds before the transaction is over', async (t) => {
  const unlistens = new PendingUnlistens();
  unlistens.onCompleted(sessionEffects('unlisten a').statements?.[0], 'UNLISTEN');
  t.same(unlistens.take(false), []);
  unlistens.abort();
  t.same(unlistens.take(true), []);
});

t.test('a ROLLBACK that is not understood undoes all', async (t) => {
  const unlistens = new PendingUnlistens();
  unlistens.onCompleted(sessionEffects('unlisten a').statements?.[0], 'UNLISTEN');
  unlistens.onCompleted(undefined, 'ROLLBACK');
  t.same(unlistens.take(true), []);
});
