import t from 'tap';
import {
  outcomeIndex,
  statementKindIndex,
  statementKindLabels,
  statementOutcomes,
} from '../../src/telemetry/statement-kinds.js';

const kindOf = (command: string) => statementKindLabels[statementKindIndex(command)];

t.test('a statement is labelled by its first word', async (t) => {
  for (const kind of statementKindLabels) t.equal(kindOf(kind), kind);
  t.equal(kindOf('create table'), 'ddl');
  t.equal(kindOf('savepoint'), 'transaction');
  t.equal(kindOf('fetch'), 'cursor');
  t.equal(kindOf('with'), 'select');
  t.equal(kindOf('values'), 'select');
});

t.test('there is no label beyond the list, whatever a client writes', async (t) => {
  for (const word of ['', 'frobnicate', '__proto__', 'constructor', 'select;', 'SELECT'])
    t.equal(kindOf(word), 'other');
});

t.test('outcomes are where their index says', async (t) => {
  for (const outcome of statementOutcomes) t.equal(statementOutcomes[outcomeIndex[outcome]], outcome);
});
