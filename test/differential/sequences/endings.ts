import {
  bind,
  copyData,
  copyDone,
  copyFail,
  execute,
  flush,
  int32,
  message,
  parse,
  query,
  sync,
  terminate,
} from '../../support/raw-messages.js';
import { type Sequence, send, until } from '../sequence.js';
import { inOneWrite, run, sequence } from './steps.js';

const untilClosed = (name: string, ...frames: Buffer[]): Sequence => sequence(name, send(...frames), 'closed');
/** Nothing more is sent behind these, and the answers are read. */
const halfClosed = (name: string, ...frames: Buffer[]): Sequence =>
  sequence(name, send(...frames), 'half-close', 'closed');
/** A message with a length that it can't have. */
const cut = (type: string, bytes: number) => Buffer.concat([Buffer.from(type), int32(bytes)]);
const copy = 'copy item from stdin';
const row = copyData('9\tnine\n');

/** How a conversation ends, or is broken off, when the last word is sent before a reply was read. */
export const endings: readonly Sequence[] = [
  untilClosed('an error in a batch, and goodbye', parse('selec'), terminate()),
  untilClosed('an error, what it skips, and goodbye', parse('selec'), bind(), execute(), terminate()),
  untilClosed(
    'replies of a batch that were flushed, and goodbye',
    parse('select 1'),
    bind(),
    execute(),
    flush(),
    terminate(),
  ),
  untilClosed(
    'replies of a batch that were not flushed, and goodbye',
    parse('select 1'),
    bind(),
    execute(),
    terminate(),
  ),
  untilClosed('a Query that fails, and goodbye', query('selec'), terminate()),
  halfClosed('an error in a batch, and no more', parse('selec')),
  halfClosed('replies of a batch that were flushed, and no more', parse('select 1'), bind(), execute(), flush()),
  halfClosed('half a batch', parse('select 1'), bind(), execute()),
  halfClosed('half a message', query('select 1'), cut('Q', 50)),
  untilClosed('a COPY, and goodbye', query(copy), row, terminate()),
  untilClosed('a COPY in a batch, and goodbye', parse(copy), bind(), execute(), sync(), terminate()),
  halfClosed('a COPY, and no more', query(copy), row),
  halfClosed('a COPY in a batch, and no more', parse(copy), bind(), execute(), row),
  untilClosed('a COPY, and a type that is none', query(copy), row, message('z')),
  untilClosed('a COPY in a batch, and a type that is none', parse(copy), bind(), execute(), row, message('y')),
  untilClosed('a COPY, and a password', query(copy), message('p', Buffer.from('x\0'))),
  untilClosed('a COPY, and what only servers send', query(copy), message('T', Buffer.from([0, 0]))),
  untilClosed('a COPY, and data of no length', query(copy), row, cut('d', 2)),
  untilClosed('a COPY, and an end that is too long', query(copy), row, cut('c', 20_000)),
  untilClosed('a COPY, and a Parse', query(copy), row, parse('select 1')),
  untilClosed('a COPY that fails, and a type that is none', query(copy), copyData('x\n'), message('z')),
  untilClosed('a COPY that was given up, and a type that is none', query(copy), copyFail('no'), message('z')),
  sequence('a type that is none in a batch', send(parse('select 1'), message('z')), 'closed'),
  sequence('a type that is none behind an error', send(parse('selec'), message('z')), 'closed'),
  sequence('a length that is none behind an error', send(parse('selec'), cut('S', 3)), 'closed'),
  sequence(
    'a COPY that failed is told before what is wrong behind it',
    ...[send(query(copy), copyData('x\n')), until('Z')],
    ...[send(row, message('z')), 'closed' as const],
  ),
  inOneWrite(
    'two COPYs of one text, the first fails',
    query(`${copy}; ${copy}; select 3`),
    ...[copyData('x\n'), copyDone(), copyData('8\teight\n'), copyDone()],
    query('select count(*) from item'),
  ),
  inOneWrite(
    'a COPY and an error behind it in the text',
    ...[query(`${copy}; select 1/0`), row, copyDone(), query('select count(*) from item')],
  ),
  inOneWrite(
    'a COPY in a batch and an error behind it',
    ...[parse(copy), bind(), execute(), row, copyDone(), parse('select 1/0'), bind(), execute(), sync()],
    query('select count(*) from item'),
  ),
  inOneWrite(
    'a COPY in a batch whose Sync came early, and fails',
    ...[parse(copy), bind(), execute(), sync(), copyData('x\n'), copyDone(), sync()],
  ),
  inOneWrite(
    'a COPY in a binary format that has no signature',
    ...[query('copy item from stdin (format binary)'), row, copyDone()],
    ...[query('copy item from stdin (format binary)'), copyDone()],
  ),
  inOneWrite(
    'UNLISTEN within a transaction, and what was notified there',
    ...['listen ch', 'begin', 'unlisten ch', "notify ch, 'in'", 'commit', "notify ch, 'after'"].map(query),
    ...['listen ch', 'begin', 'unlisten *', 'rollback', "notify ch, 'still'", 'unlisten *'].map(query),
  ),
  inOneWrite(
    'a notification of its own in a batch, and a Query behind it',
    ...[parse('listen ch'), bind(), execute(), parse("notify ch, 'x'"), bind(), execute(), sync()],
    query('unlisten *'),
  ),
  sequence(
    'CopyFail with words that are not UTF-8',
    send(query(copy), message('f', Buffer.from([0xff, 0xfe, 0]))),
    ...run('select 1'),
  ),
];
