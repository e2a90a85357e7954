// What runs in the parser's thread: a text comes in, facts go out. The tree stays here.
import { parentPort } from 'node:worker_threads';
import { parseStatements, type ThreadAnswer } from './parse-statements.js';

const port = parentPort;
if (port === null) throw new Error('parser-thread is the entry of a worker thread');

port.on('message', (text: string) => {
  const answer: ThreadAnswer = parseStatements(text);
  port.postMessage(answer);
});
// Loaded, and warm: the first text pays for the compiler otherwise.
parseStatements('select a.b from c.d as a where a.b = 1 and lower(a.e) in (select 1)');
port.postMessage('ready');
