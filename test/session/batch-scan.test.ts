import t from 'tap';
import { scanBatch, scanned } from '../../src/session/batch-scan.js';
import { bind, close, describe, execute, flush, parse, query, sync } from '../support/raw-messages.js';

const scan = (...messages: Buffer[]): boolean => {
  const bytes = Buffer.concat(messages);
  return scanBatch(bytes, 0, bytes.length);
};

t.test('one run of one statement, up to its Sync', async (t) => {
  const batches = [
    [bind(), execute(), sync()],
    [bind({ statement: 's', values: ['1', null, 'long'.repeat(100)] }), describe('P'), execute(), sync()],
    [bind({ statement: 's' }), execute(), close('P'), sync()],
  ];
  for (const batch of batches) {
    const bytes = Buffer.concat(batch);
    t.ok(scanBatch(Buffer.concat([bytes, query('select 1')]), 0, bytes.length + 5));
    t.equal(scanned.end, bytes.length);
    t.equal(scanned.bindEnd, batch[0]?.length);
    t.equal(bytes.toString('latin1', scanned.nameStart, scanned.nameEnd), batch === batches[0] ? '' : 's');
  }
});

t.test('a batch that isn’t all there is none, wherever it is cut', async (t) => {
  const bytes = Buffer.concat([bind({ statement: 'name', values: ['1'] }), describe('P'), execute(), sync()]);
  for (let end = 0; end < bytes.length; end += 1) t.notOk(scanBatch(bytes, 0, end), `${end} bytes`);
});

t.test('anything else is left to be taken message by message', async (t) => {
  const others: Record<string, Buffer[]> = {
    'a named portal': [bind({ portal: 'p' }), execute('p'), sync()],
    'a row limit': [bind(), execute('', 10), sync()],
    'the portal of another Bind': [bind(), execute('p'), sync()],
    'two runs': [bind(), execute(), bind(), execute(), sync()],
    'two executions': [bind(), execute(), execute(), sync()],
    'no execution': [bind(), describe('P'), sync()],
    'a description afterwards': [bind(), execute(), describe('P'), sync()],
    'a description of a statement': [bind(), describe('S'), execute(), sync()],
    'a closed statement': [bind(), execute(), close('S', 's'), sync()],
    'a portal closed before': [bind(), close('P'), execute(), sync()],
    Flush: [bind(), execute(), flush(), sync()],
    'a query in it': [bind(), execute(), query('select 1'), sync()],
    'no Bind': [execute(), sync()],
    'another Parse': [parse('select 1'), bind(), execute(), sync()],
  };
  for (const [what, messages] of Object.entries(others)) t.notOk(scan(...messages), what);
});

t.test('lengths that lie are no batch', async (t) => {
  const bytes = Buffer.concat([bind(), execute(), sync()]);
  const executeAt = bind().length;
  for (const length of [0, 3, 8, 10, 1000, -1]) {
    const lying = Buffer.from(bytes);
    lying.writeInt32BE(length, executeAt + 1);
    t.notOk(scanBatch(lying, 0, lying.length), `${length}`);
  }
});
