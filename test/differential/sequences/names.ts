import { bind, close, describe, execute, flush, parse, query, sync } from '../../support/raw-messages.js';
import { type Sequence, send, until } from '../sequence.js';
import { inOneWrite, run, sequence } from './steps.js';

const runs = (statement: string, value?: string) =>
  Buffer.concat([bind({ statement, values: value === undefined ? [] : [value] }), execute()]);

/** What the names of prepared statements and portals mean behind errors, and to SQL. All is sent before a reply is read. */
export const names: readonly Sequence[] = [
  inOneWrite(
    'a name is taken twice in a batch and closed in the next',
    parse('select 1', 'twice'),
    parse('select 2', 'twice'),
    sync(),
    ...[runs('twice'), close('S', 'twice'), sync()],
  ),
  inOneWrite(
    'a Close that is skipped closes nothing',
    ...[parse('select 1', 'stays'), sync()],
    ...[parse('selec'), close('S', 'stays'), sync()],
    ...[runs('stays'), close('S', 'stays'), sync()],
  ),
  inOneWrite(
    'a Parse behind one that was skipped is the one that counts',
    ...[parse('select 1/0'), bind(), execute(), execute(), parse('select 1'), sync()],
    ...[parse('select 1/$1::int'), runs('', '0'), sync()],
    ...[runs('', '1'), sync()],
  ),
  inOneWrite(
    'an unnamed Parse that was skipped changes nothing',
    ...[parse('select 3'), bind({ statement: 'none' }), parse('select 4'), sync()],
    ...[runs(''), sync()],
  ),
  inOneWrite(
    'a Query that was skipped leaves the unnamed statement',
    ...[parse('select 1'), sync()],
    ...[parse('selec', 'bad'), query('select 2'), sync()],
    ...[runs(''), sync()],
  ),
  inOneWrite(
    'a DEALLOCATE that fails with its transaction',
    ...[parse('select 1', 'kept'), sync()],
    ...[query('begin; select 1/0'), query('deallocate kept')],
    ...[runs('kept'), sync(), query('rollback')],
    ...[runs('kept'), close('S', 'kept'), sync()],
  ),
  inOneWrite(
    'a DEALLOCATE that is skipped',
    ...[parse('select 1', 'kept'), parse('deallocate kept', 'drop'), sync()],
    ...[parse('selec'), runs('drop'), sync()],
    ...[runs('kept'), close('S', 'kept'), close('S', 'drop'), sync()],
  ),
  inOneWrite(
    'a DISCARD ALL that fails within a batch',
    ...[parse('select 1', 'kept'), sync()],
    ...[parse('select 2'), bind(), execute(), parse('discard all'), bind(), execute(), sync()],
    ...[runs('kept'), close('S', 'kept'), sync()],
  ),
  inOneWrite(
    'closed and parsed again in the exchanges that follow',
    ...[parse('select 1', 'again'), sync(), close('S', 'again'), sync()],
    ...[parse('select 2', 'again'), sync(), runs('again'), sync()],
    ...[close('S', 'again'), parse('select 3', 'again'), runs('again'), close('S', 'again'), sync()],
  ),
  inOneWrite(
    'EXECUTE with too few parameters, and the name is gone behind it',
    ...[parse('select $1::int', 'few'), sync()],
    ...[query('execute few(3)'), query('execute few'), query('deallocate few')],
    ...[runs('few', '1'), sync(), describe('S', 'few'), sync()],
  ),
  inOneWrite(
    'EXECUTE of it by the extended protocol',
    ...[parse('select $1::int as v', 'inner'), parse('execute inner(3)'), bind(), describe('P'), execute(), sync()],
    ...[parse('execute inner'), bind(), execute(), close('S', 'inner'), sync()],
  ),
  inOneWrite(
    'Bind, Describe and Close of what SQL has prepared',
    query('prepare by_sql as select $1::int + 1'),
    ...[describe('S', 'by_sql'), runs('by_sql', '4'), sync()],
    ...[close('S', 'by_sql'), sync(), query('execute by_sql(1)')],
  ),
  sequence(
    'Close of what SQL has prepared, reply by reply',
    ...run('prepare by_sql as select 5'),
    ...[send(close('S', 'by_sql'), sync()), until('Z')],
    ...run('execute by_sql'),
    ...run('prepare by_sql as select 6'),
    ...run('execute by_sql'),
    ...[send(close('S', 'by_sql'), sync()), until('Z')],
  ),
  inOneWrite(
    'Parse under a name that SQL has taken',
    query('prepare taken as select 2'),
    ...[parse('select 1', 'taken'), sync()],
    ...[query('execute taken'), query('deallocate taken')],
    ...[parse('select 1', 'taken'), runs('taken'), close('S', 'taken'), sync()],
  ),
  inOneWrite(
    "SQL's PREPARE under a name that Parse has taken",
    ...[parse('select 1', 'taken'), sync(), query('prepare taken as select 2'), query('execute taken')],
    ...[close('S', 'taken'), sync(), query('prepare taken as select 2; execute taken; deallocate taken')],
  ),
  inOneWrite(
    'a syntax error under a name that is taken',
    ...[parse('select 1', 'taken'), sync(), parse('selec', 'taken'), sync(), close('S', 'taken'), sync()],
  ),
  inOneWrite(
    'names that a replacement would read as patterns',
    ...[parse('select 1', 'a$&b'), parse('select 1', 'a$&b'), sync()],
    ...[parse('select 1', '$1'), parse('select 1', '$1'), sync(), close('S', 'a$&b'), close('S', '$1'), sync()],
  ),
  inOneWrite(
    'names that differ behind their 63rd byte are one',
    parse('select 1', 'l'.repeat(500)),
    bind({ statement: 'l'.repeat(64), portal: 'p'.repeat(300) }),
    ...[execute('p'.repeat(63)), sync()],
    ...[parse('select 2', 'l'.repeat(63)), sync()],
    ...[close('S', 'l'.repeat(70)), sync(), runs('l'.repeat(500)), sync()],
  ),
  inOneWrite(
    'statements of the same text by two names',
    ...[parse('select 1', 'one'), parse('select 1', 'two'), runs('one'), runs('two'), close('S', 'one'), runs('two')],
    ...[runs('one'), sync(), close('S', 'two'), sync()],
  ),
  inOneWrite(
    'the same text with other types',
    ...[parse('select $1', 'number', [23]), parse('select $1', 'word', [25]), describe('S', 'number')],
    ...[describe('S', 'word'), runs('number', '1'), runs('word', 'x'), runs('number', 'x'), sync()],
    ...[close('S', 'number'), close('S', 'word'), sync()],
  ),
  inOneWrite(
    'a statement that the batch which fails had prepared',
    ...[parse('select 1', 'early'), parse('select 1/0'), bind(), execute(), sync()],
    ...[runs('early'), sync(), close('S', 'early'), sync()],
  ),
  inOneWrite(
    'bound, then its statement is deallocated',
    parse('select 1', 'bound'),
    ...[bind({ statement: 'bound', portal: 'p' }), parse('deallocate bound'), bind(), execute(), execute('p'), sync()],
  ),
  inOneWrite(
    'a portal by the name of a cursor, and a cursor as a portal',
    query('begin; declare same cursor for select generate_series(1, 3)'),
    ...[execute('same', 1), describe('P', 'same'), sync(), query('fetch same'), execute('same'), sync()],
    ...[parse('select 2'), bind({ portal: 'same' }), sync(), query('rollback')],
  ),
  inOneWrite(
    'a cursor with hold, by messages',
    ...[parse('declare held cursor with hold for select generate_series(1, 3)'), bind(), execute(), sync()],
    ...[execute('held', 2), sync(), query('fetch held'), close('P', 'held'), sync(), query('fetch held')],
  ),
  inOneWrite(
    'replies that Flush asks for, behind an error too',
    ...[flush(), parse('select 1'), flush(), bind(), flush(), execute(), flush(), sync(), flush()],
    ...[parse('selec'), flush(), bind(), flush(), sync()],
  ),
];
