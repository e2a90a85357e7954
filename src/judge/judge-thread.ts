// What runs in a judging thread: knowledge and questions come in, answers go out. The parser, its trees and the catalogs
// stay here.
import { parentPort } from 'node:worker_threads';
import { isStackOverflow } from '../sql/bind/refusal.js';
import { parseSql, parseStatements } from '../sql/parser/parse-statements.js';
import { judgeText, nothingToJudge } from './judge-text.js';
import { Known } from './known.js';
import type { Answer, Compared, Comparison, Knowledge, Question } from './question.js';

export interface ThreadAnswer {
  readonly answer: Answer | Compared;
  /** An error of ours that came in the way of an answer. */
  readonly fault?: Error;
  /** The parser's instance must not be used again. */
  readonly isDamaged: boolean;
}

/** It has loaded or learned; it looks at all that a catalog holds, and has. */
export type ThreadNotice = 'ready' | 'looking' | 'looked';

const port = parentPort;
if (port === null) throw new Error('judge-thread is the entry of a worker thread');

/** What isn't the text's fault has time of its own. */
function aside<Found>(look: () => Found): Found {
  const tell = (notice: ThreadNotice) => port?.postMessage(notice);
  tell('looking');
  try {
    return look();
  } finally {
    tell('looked');
  }
}

const known = new Known(parseSql, aside);

function answerTo(question: Question): ThreadAnswer {
  const { result, tree, isDamaged } = parseStatements(question.text);
  if (!result.ok || tree === null) return { answer: result.ok ? nothingToJudge : result, isDamaged };
  const judged = answered(() => {
    const { policed, index } = known.for(question);
    return judgeText(question, { tree, facts: result.statements }, policed, index, parseSql);
  });
  return { ...judged, isDamaged };
}

function compare({ pairs }: Comparison): ThreadAnswer {
  const compared = answered(() => ({ ok: true, misfits: pairs.map((pair) => known.misfitsOf(pair)) }));
  return { ...compared, isDamaged: false };
}

function answered(work: () => Answer | Compared): Omit<ThreadAnswer, 'isDamaged'> {
  try {
    return { answer: work() };
  } catch (error) {
    if (isStackOverflow(error)) return { answer: tooDeep };
    return { answer: faulty, fault: error as Error };
  }
}

const tooDeep: Answer = {
  ok: false,
  sqlstate: '54000',
  message: 'statement is too complex: it is nested too deeply to be judged',
  position: null,
};
const faulty: Answer = {
  ok: false,
  sqlstate: 'XX000',
  message: 'internal error of the proxy',
  position: null,
  isPassing: true,
};

port.on('message', (message: Question | Comparison | Knowledge) => {
  if ('text' in message) return port.postMessage(answerTo(message));
  if ('pairs' in message) return port.postMessage(compare(message));
  known.learn(message);
  port.postMessage('ready');
});
// Loaded, and warm: the first text pays for the compiler otherwise.
parseStatements('select a.b from c.d as a where a.b = 1 and lower(a.e) in (select 1)');
port.postMessage('ready');
