import type { Column, Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { quoteIdentifier } from '../sql/quote.js';
import { compileSql } from '../sql/rewrite/compile-sql.js';
import { OperatorSqlError } from '../sql/rewrite/operator-sql-error.js';
import type { Parse } from '../sql/rewrite/parse.js';
import { type OperatorSql, qualifiedName, type Restriction } from '../sql/rewrite/restriction.js';
import type { Action } from '../sql/statement-facts.js';
import type { PolicyExpression } from './file/expression.js';
import type { TablePattern } from './file/name-pattern.js';
import type { Rule } from './file/policy-file.js';
import { fillExpression, type SessionIdentity } from './fill-expression.js';
import type { Rights } from './rights.js';

/** A policy that can't be applied to a relation as it is: the relation is refused until one of them changes. */
export class PolicyMismatch extends Error {}

/**
 * What the policies come to for one relation in one session; null: nothing is withheld and anything allowed may be
 * written. Whether an action is allowed at all is Rights' to say.
 * @throws PolicyMismatch if a rule names what the relation doesn't have
 */
export function restrictionOf(
  relation: Relation,
  rights: Rights,
  session: SessionIdentity,
  parse: Parse,
  index: CatalogIndex,
): Restriction | null {
  const rules = rights.rulesOn(relation.schema, relation.name, relation.parents.length > 0);
  if (rules.every(isPlain)) return null;
  return new Restricting(relation, rules, session, parse, index).result();
}

function isPlain({ rows, check, columns }: Rule): boolean {
  return (
    rows === null && check === null && columns.hide.length === 0 && columns.mask.size === 0 && columns.write === null
  );
}

class Restricting {
  constructor(
    private readonly relation: Relation,
    private readonly rules: readonly Rule[],
    private readonly session: SessionIdentity,
    private readonly parse: Parse,
    private readonly index: CatalogIndex,
  ) {}

  result(): Restriction {
    const hidden = this.attnums(({ columns }) => columns.hide);
    const masks = new Map<number, OperatorSql>();
    for (const rule of this.rules) {
      for (const [name, mask] of rule.columns.mask) {
        const column = this.column(name, rule);
        if (column !== null && !hidden.has(column.attnum)) masks.set(column.attnum, this.compile(mask, rule, column));
      }
    }
    const open = this.relation.columns.filter(({ attnum }) => !hidden.has(attnum) && !masks.has(attnum));
    const usual = new Set(open.map(({ attnum }) => attnum));
    return {
      relation: this.relation,
      rules: this.rules.map(({ name }) => name),
      columns: this.relation.columns
        .filter(({ attnum }) => !hidden.has(attnum))
        .map((column) => ({ column, mask: masks.get(column.attnum) ?? null })),
      hidden,
      mayGrow: this.rules.some(({ columns }) =>
        [...columns.hide, ...columns.mask.keys()].some((name) => this.find(name) === undefined),
      ),
      rows: this.anyOf(['select'], ({ rows }) => rows),
      updatable: this.anyOf(['update'], ({ rows }) => rows),
      deletable: this.anyOf(['delete'], ({ rows }) => rows),
      insertCheck: this.anyOf(['insert', 'copy-in'], ({ check, rows }) => check ?? rows),
      updateCheck: this.anyOf(['update'], ({ check, rows }) => check ?? rows),
      insertable: this.writable(['insert', 'copy-in'], usual),
      changeable: this.writable(['update'], usual),
    };
  }

  /** What allows is joined: the rows of all rules that allow one of these actions. One that names none gives all. */
  private anyOf(actions: readonly Action[], of: (rule: Rule) => PolicyExpression | null): OperatorSql | null {
    const allowing = this.rules.filter((rule) => actions.some((action) => rule.actions.has(action)));
    const terms = new Map<string, OperatorSql>();
    for (const rule of allowing) {
      const expression = of(rule);
      if (expression === null) return null;
      terms.set(expression.text, this.compile(expression, rule));
    }
    const [first, ...others] = terms.values();
    if (first === undefined || others.length === 0) return first ?? null;
    const all = [first, ...others];
    return {
      pieces: all.flatMap(({ pieces }, index) => [index === 0 ? '(' : ') OR (', ...pieces]).concat(')'),
      hasSubselect: all.some(({ hasSubselect }) => hasSubselect),
    };
  }

  private compile(expression: PolicyExpression, rule: Rule, masked: Column | null = null): OperatorSql {
    const { relation, parse, index } = this;
    try {
      return compileSql(fillExpression(expression, this.session), { relation, masked, parse, index });
    } catch (error) {
      if (error instanceof OperatorSqlError) throw this.mismatch(rule, error.message);
      throw error;
    }
  }

  /** Write lists intersect. */
  private writable(actions: readonly Action[], usual: ReadonlySet<number>): ReadonlySet<number> {
    const lists = this.rules.filter(
      (rule) => rule.columns.write !== null && actions.some((action) => rule.actions.has(action)),
    );
    if (lists.length === 0) return usual;
    const sets = lists.map((rule) => this.named(rule.columns.write ?? [], rule));
    return new Set([...(sets[0] as Set<number>)].filter((attnum) => sets.every((set) => set.has(attnum))));
  }

  private attnums(of: (rule: Rule) => readonly string[]): Set<number> {
    return new Set(this.rules.flatMap((rule) => [...this.named(of(rule), rule)]));
  }

  private named(names: readonly string[], rule: Rule): Set<number> {
    return new Set(names.flatMap((name) => this.column(name, rule)?.attnum ?? []));
  }

  /** A rule for many tables may name a column that only some have; one that names its table must find it there. */
  private column(name: string, rule: Rule): Column | null {
    const column = this.find(name);
    if (column !== undefined) return column;
    const isNamed = ({ schema, name: table }: TablePattern) =>
      schema === this.relation.schema && table === this.relation.name;
    if (rule.tables.some(isNamed))
      throw this.mismatch(rule, `names column ${quoteIdentifier(name)}, which isn't there`);
    return null;
  }

  private find(name: string): Column | undefined {
    return this.relation.columns.find((candidate) => candidate.name === name);
  }

  private mismatch(rule: Rule, what: string): PolicyMismatch {
    return new PolicyMismatch(`rule "${rule.name}" ${what} (${qualifiedName(this.relation)})`);
  }
}
