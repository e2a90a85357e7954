import { type Fields, listOf, nodeOf, structOf, textOf } from './facts/tree.js';

/** What each thing in a statement counts. docs/policy.md explains them to operators. */
export const complexityPoints = {
  query: 1,
  /** Times how deep it lies. */
  subquery: 2,
  setOperation: 2,
  join: 2,
  /** The first one; each further one makes all of them five times as much. */
  crossJoin: 20,
  crossJoinGrowth: 5,
  recursion: 100,
  rowFunction: 10,
  window: 2,
  groupingSet: 2,
  /** For so many members of a list, whole tens. */
  listMembers: 10,
  /** For each level of an expression beyond so many. */
  expressionLevels: 20,
} as const;

/**
 * How much work a statement could make, told from its text alone, so that it can be refused before anything is sent.
 * The same for every text of a shape, but for the lengths of lists.
 * @param statement a statement's node, as libpg-query gives it
 */
export function complexityOf(statement: unknown): number {
  const counting = new Counting();
  counting.visit(statement, 0, 0);
  const score = counting.score + crossJoinScore(counting.crossJoins);
  return Math.min(Math.round(score), Number.MAX_SAFE_INTEGER);
}

/** What the client is told, with 54000; null: it may run. @param max 0: no limit */
export function complexityRefusal(score: number, max: number): string | null {
  if (max === 0 || score <= max) return null;
  return `statement is too complex: its score is ${score}, the limit is ${max}`;
}

function crossJoinScore(count: number): number {
  const { crossJoin, crossJoinGrowth } = complexityPoints;
  return count === 0 ? 0 : crossJoin * crossJoinGrowth ** (count - 1);
}

class Counting {
  score = 0;
  crossJoins = 0;

  /** @param depth of queries around it; @param level of expressions within its query */
  visit(value: unknown, depth: number, level: number): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item, depth, level);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const fields = structOf(inner);
      if (fields === null) {
        this.visit(inner, depth, level);
        continue;
      }
      const isArm = (key === 'larg' || key === 'rarg') && fields.limitOption !== undefined;
      const isQuery = key === 'SelectStmt' || isArm;
      // Arms of a set operation lie as deep as it does.
      if (isQuery) this.query(fields, isArm ? depth - 1 : depth);
      else this.node(key, fields);
      const isExpression =
        key !== 'SelectStmt' && /^(?:A_|FuncCall|BoolExpr|CaseExpr|CoalesceExpr|MinMaxExpr|TypeCast)/.test(key);
      if (isExpression && level >= complexityPoints.expressionLevels) this.score++;
      this.visit(inner, isQuery && !isArm ? depth + 1 : depth, isQuery ? 0 : level + (isExpression ? 1 : 0));
    }
  }

  private query(fields: Fields, depth: number): void {
    const { op, fromClause, whereClause, valuesLists } = fields;
    this.score += complexityPoints.query + complexityPoints.subquery * depth;
    if (textOf(op) !== 'SETOP_NONE' && op !== undefined) this.score += complexityPoints.setOperation;
    this.members(valuesLists);
    this.from(fromClause, whereClause);
  }

  /** Items side by side are joined by WHERE, or not at all. */
  private from(items: unknown, condition: unknown): void {
    const more = Math.max(0, listOf(items).length - 1);
    if (condition === undefined) this.crossJoins += more;
    else this.score += complexityPoints.join * more;
  }

  private node(kind: string, fields: Fields): void {
    const points = complexityPoints;
    if (kind === 'JoinExpr') this.join(fields);
    else if (kind === 'RangeFunction' || kind === 'RangeTableFunc' || kind === 'JsonTable')
      this.score += points.rowFunction;
    else if ((kind === 'WithClause' || kind === 'withClause') && fields.recursive === true)
      this.score += points.recursion;
    else if (kind === 'over' || kind === 'WindowDef') this.score += points.window;
    else if (kind === 'A_ArrayExpr') this.members(fields.elements);
    else if (kind === 'A_Expr' && fields.kind === 'AEXPR_IN') this.members(nodeOf(fields.rexpr)?.fields.items);
    else if (kind === 'GroupingSet') this.grouping(fields);
    else if (kind === 'UpdateStmt') this.from([null, ...listOf(fields.fromClause)], fields.whereClause);
    else if (kind === 'DeleteStmt') this.from([null, ...listOf(fields.usingClause)], fields.whereClause);
  }

  private join({ jointype, quals, usingClause, isNatural }: Fields): void {
    const isCross = jointype === 'JOIN_INNER' && quals === undefined && usingClause === undefined && isNatural !== true;
    // ON true is none either.
    const isTrue = structOf(nodeOf(quals)?.fields.boolval) !== null;
    if (isCross || isTrue) this.crossJoins++;
    else this.score += complexityPoints.join;
  }

  private members(list: unknown): void {
    this.score += Math.floor(listOf(list).length / complexityPoints.listMembers);
  }

  /** CUBE of n columns is 2^n groupings, ROLLUP n + 1. */
  private grouping({ kind, content }: Fields): void {
    const count = listOf(content).length;
    const sets = kind === 'GROUPING_SET_CUBE' ? 2 ** Math.min(count, 40) : count + 1;
    this.score += complexityPoints.groupingSet * sets;
  }
}
