import t from 'tap';
import { gatherFacts } from '../../../src/sql/facts/gather-facts.js';

const statement = (stmt: unknown) => ({ version: 180004, stmts: [{ stmt }] });

t.test('a node of a kind that nobody looked at makes its statement unknown', async (t) => {
  const trees: Readonly<Record<string, unknown>> = {
    FrobnicateStmt: { FrobnicateStmt: { relation: { relname: 't' } } },
    NewExpr: { SelectStmt: { targetList: [{ ResTarget: { val: { NewExpr: { arg: {} } } } }] } },
    // What analysis makes of a tree never comes from the grammar.
    Query: { SelectStmt: { whereClause: { Query: {} } } },
    // A relation where none is expected: it might be read.
    RangeVar: { SelectStmt: { targetList: [{ RangeVar: { relname: 't' } }] } },
    JoinExpr: { SelectStmt: { whereClause: { JoinExpr: { larg: {} } } } },
    // A field that holds something else than a node.
    '?': { SelectStmt: { newField: { a: 1, b: 2 } } },
    'UpdateStmt.newField': { UpdateStmt: { relation: { relname: 't' }, newField: [] } },
    'VariableSetStmt VAR_NEW': { VariableSetStmt: { kind: 'VAR_NEW' } },
    MergeWhenClause: {
      MergeStmt: { relation: { relname: 't' }, mergeWhenClauses: [{ MergeWhenClause: { commandType: 'CMD_NEW' } }] },
    },
  };
  for (const [kind, tree] of Object.entries(trees)) {
    t.equal(gatherFacts(statement(tree), 0)[0]?.unknown, kind, kind);
  }
});

t.test('an empty tree has no facts, and one without a statement is unknown', async (t) => {
  t.same(gatherFacts({ version: 180004 }, 0), []);
  t.same(gatherFacts(null, 0), []);
  t.match(gatherFacts({ stmts: [{}] }, 7), [{ unknown: '?', startByte: 0, endByte: 7 }]);
});
