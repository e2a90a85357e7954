import { bind, close, describe, execute, flush, functionCall, parse, query, sync } from '../../support/raw-messages.js';
import { type Sequence, send, until } from '../sequence.js';
import { int4, sequence } from './steps.js';

/** What is sent behind something that fails, before the failure is known: the server skips it, and the names in it mean nothing. */
const ask = (name: string) => Buffer.concat([bind({ statement: name }), describe('P'), execute(), sync()]);

export const behindErrors: readonly Sequence[] = [
  sequence(
    'Query behind an error in a batch',
    send(describe('P', 'none'), query('select 1'), sync(), query('select 2')),
  ),
  sequence(
    'Query behind an error that was heard',
    send(describe('P', 'none'), flush()),
    until('E'),
    send(query('select 1'), sync()),
  ),
  sequence(
    'LISTEN behind an error in a batch',
    send(describe('P', 'none'), query('listen a'), sync(), query("notify a, 'x'")),
  ),
  sequence(
    'LISTEN behind an error that was heard',
    send(describe('P', 'none'), flush()),
    until('E'),
    send(query('listen a'), sync()),
  ),
  sequence(
    'FunctionCall behind an error in a batch',
    send(describe('P', 'none'), functionCall(177, ['1', '2']), sync()),
  ),
  sequence(
    'Query behind an error leaves the unnamed statement',
    send(parse('select 7'), sync(), describe('P', 'none'), query('select 1'), sync()),
    until('E'),
    until('Z'),
    send(ask('')),
  ),
  sequence(
    'Bind of a statement whose Parse was skipped',
    send(parse('selekt'), parse('select 1', 's'), sync(), ask('s')),
  ),
  sequence('Bind of a statement whose Parse failed', send(parse('selekt', 's'), sync(), ask('s'))),
  sequence(
    'Describe of a statement whose Parse was skipped',
    send(parse('selekt'), parse('select 1', 's'), sync(), describe('S', 's'), sync()),
  ),
  sequence(
    'Bind with wrong formats of a statement whose Parse was skipped',
    send(parse('selekt'), parse('select 1', 's'), sync(), bind({ statement: 's', formats: [0, 0] }), sync()),
  ),
  sequence(
    'Parse again of a statement whose Parse was skipped',
    send(bind({ statement: 'none' }), parse('select 1', 's'), sync(), parse('select 2', 's'), ask('s')),
    send(parse('select 1', 'other'), ask('other'), parse('select 1', 'third'), ask('third')),
  ),
  sequence(
    'Parse again of a statement whose Parse failed',
    send(parse('selekt', 's'), sync(), parse('select 2', 's'), ask('s')),
  ),
  sequence(
    'Close of a statement whose Parse was skipped',
    send(parse('selekt'), parse('select 1', 's'), sync(), close('S', 's'), sync(), ask('s')),
  ),
  sequence(
    'Bind of the unnamed statement whose Parse was skipped',
    send(parse('select 1'), sync(), bind({ statement: 'none' }), parse('select 2'), sync(), ask('')),
  ),
  sequence(
    'Bind of an unnamed statement that was never parsed',
    send(bind({ statement: 'none' }), parse('select 2'), sync(), ask('')),
  ),
  sequence(
    'EXECUTE of a statement whose Parse was skipped',
    send(parse('selekt'), parse('select 1', 's'), sync(), query('execute s'), query('deallocate s')),
  ),
  sequence(
    'a statement pipelined behind its Parse',
    send(
      parse('select $1::int', 's', [int4]),
      sync(),
      bind({ statement: 's', values: ['5'] }),
      execute(),
      sync(),
      describe('S', 's'),
      sync(),
    ),
  ),
  sequence(
    'PREPARE of a name that Parse has taken',
    send(parse('select 1', 's'), sync(), query('prepare s as select 2'), query('execute s')),
  ),
  sequence(
    'PREPARE of a name that Parse has taken, in a transaction',
    send(parse('select 1', 's'), sync(), query('begin'), query('prepare s as select 2'), query('commit')),
  ),
  sequence(
    'PREPARE of a name that Parse has taken, in a batch',
    send(parse('select 1', 's'), parse('prepare s as select 2'), ask('')),
  ),
  sequence(
    'PREPARE of a name that Close has freed',
    send(parse('select 1', 's'), close('S', 's'), sync(), query('prepare s as select 2'), query('execute s')),
  ),
];
