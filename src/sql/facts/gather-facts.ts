import type { StatementFacts } from '../statement-facts.js';
import { commandName } from './command-names.js';
import { definitionHandlers } from './definitions.js';
import { expressionHandlers } from './expressions.js';
import { queryHandlers } from './queries.js';
import { type Fields, listOf, nodeOf, structOf } from './tree.js';
import { utilityHandlers } from './utilities.js';
import { TooManyFacts, Walk } from './walk.js';

const handlers = { ...expressionHandlers, ...queryHandlers, ...utilityHandlers, ...definitionHandlers };

const bodied = new Set(['DoStmt', 'CreateFunctionStmt']);

/** More statements than this in one text are too many to decide on in one go. */
const statementsMax = 1_000;

/**
 * The facts of each statement of a parsed text. Throws TooManyFacts.
 * @param parsed what libpg-query's parse gives
 * @param textBytes UTF-8 bytes of the text: where a last statement without a semicolon ends
 */
export function gatherFacts(parsed: unknown, textBytes: number): StatementFacts[] {
  const statements = listOf(structOf(parsed)?.stmts);
  if (statements.length > statementsMax) throw new TooManyFacts();
  return statements.map((item) => statementFacts(structOf(item) ?? {}, textBytes));
}

function statementFacts(raw: Fields, textBytes: number): StatementFacts {
  const walk = new Walk(handlers);
  const statement = nodeOf(raw.stmt) ?? { kind: '?', fields: {} };
  walk.visit(statement.kind, statement.fields);
  const startByte = Number(raw.stmt_location ?? 0);
  return {
    command: commandName(statement.kind, statement.fields),
    kinds: [...walk.kinds],
    forbidden: walk.forbidden,
    unknown: walk.unknown,
    relations: walk.relationUses(),
    functions: [...walk.functions.values()],
    settings: walk.settings,
    settingsRead: [...walk.settingsRead],
    target: walk.target,
    hangsOnLiterals: walk.hangsOnLiterals,
    definesBody: bodied.has(statement.kind),
    startByte,
    endByte: raw.stmt_len === undefined ? textBytes : startByte + Number(raw.stmt_len),
  };
}
