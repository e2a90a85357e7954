import { suggest } from '../config/suggest.js';
import type { TreePath } from '../config/yaml-tree.js';
import { bindText } from '../sql/bind/bind.js';
import type { CastUse } from '../sql/bind/bound.js';
import { Coercions } from '../sql/bind/expressions/coercions.js';
import { typeNames } from '../sql/bind/expressions/type-names.js';
import { oid } from '../sql/bind/expressions/type-oids.js';
import type { CatalogFunction, Column, Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { hasBody } from '../sql/leak-free-functions.js';
import { compileSql } from '../sql/rewrite/compile-sql.js';
import { OperatorSqlError } from '../sql/rewrite/operator-sql-error.js';
import type { Parse } from '../sql/rewrite/parse.js';
import { printInScope, qualifiedName } from '../sql/rewrite/restriction.js';
import { isSystemSchema } from './catalogs/system-relations.js';
import type { Doubt } from './doubts.js';
import type { PolicyExpression } from './file/expression.js';
import type { PolicySet } from './file/load-policies.js';
import { matchesTable, type TablePattern } from './file/name-pattern.js';
import type { Rule } from './file/policy-file.js';
import { fillExpression, type SessionIdentity } from './fill-expression.js';
import { quoteName } from './settings/search-path.js';

/** What was found without asking the server. */
export interface Misfits {
  /** What the daemon would refuse statements for. */
  readonly errors: readonly Doubt[];
  readonly warnings: readonly Doubt[];
}

/** SQL that the server can prepare if what stands at a place of a policy fits the database. */
export interface Probe {
  readonly file: number;
  readonly path: TreePath;
  readonly sql: string;
}

export interface CatalogFindings extends Misfits {
  readonly probes: readonly Probe[];
}

/** Of a rule with a wildcard, as many relations are looked at. */
const relationsMax = 100;

/**
 * Compares policies with a database.
 * @param sessionFor somebody whom the rule is for, whose attributes stand in its expressions
 */
export function compareWithCatalog(
  policies: PolicySet,
  index: CatalogIndex,
  parse: Parse,
  sessionFor: (rule: Rule) => SessionIdentity,
): CatalogFindings {
  const comparing = new Comparing(policies, index, parse, sessionFor);
  for (const [file, { rules }] of policies.files.entries()) {
    for (const [place, rule] of rules.entries()) comparing.rule(rule, file, ['rules', place]);
  }
  return comparing;
}

class Comparing implements CatalogFindings {
  readonly errors: Doubt[] = [];
  readonly warnings: Doubt[] = [];
  readonly probes: Probe[] = [];
  readonly #policies: PolicySet;
  readonly #index: CatalogIndex;
  readonly #coercions: Coercions;
  readonly #parse: Parse;
  readonly #sessionFor: (rule: Rule) => SessionIdentity;

  constructor(policies: PolicySet, index: CatalogIndex, parse: Parse, sessionFor: (rule: Rule) => SessionIdentity) {
    this.#policies = policies;
    this.#index = index;
    this.#coercions = new Coercions(index);
    this.#parse = parse;
    this.#sessionFor = sessionFor;
  }

  rule(rule: Rule, file: number, path: TreePath): void {
    const session = this.#sessionFor(rule);
    if (rule.databases !== null && !rule.databases.some((pattern) => pattern.test(session.database))) return;
    const warn = (at: TreePath, message: string) => this.warnings.push({ file, path: [...path, ...at], message });
    const matched: Relation[] = [];
    for (const [place, pattern] of rule.tables.entries()) {
      const found = this.#matching(pattern);
      if (found.length === 0) warn(['tables', place], this.#noRelation(pattern));
      matched.push(...found);
      if (pattern.name === null && rule.effect === 'allow') {
        for (const message of this.#openViews(found)) warn(['tables', place], message);
      }
    }
    if (matched.length === 0) return;
    this.#columns(rule, matched, file, path);
    this.#expressions(rule, session, matched.slice(0, relationsMax), file, path);
    const triggered = matched.find((relation) => isCheckedCopy(rule) && hasRowTriggers(relation));
    if (triggered !== undefined) {
      warn(
        ['actions'],
        `COPY into ${shown(triggered)} is refused, since its triggers run behind the check; leave copy-in out`,
      );
    }
  }

  #matching({ schema, name }: TablePattern): readonly Relation[] {
    if (schema !== null && name !== null) return [this.#index.relationByName(schema, name) ?? []].flat();
    return this.#index.catalog.relations.filter(
      (relation) =>
        relation.kind !== 'c' &&
        relation.parents.length === 0 &&
        matchesTable({ schema, name }, relation.schema, relation.name),
    );
  }

  #noRelation({ schema, name }: TablePattern): string {
    const where = `of database "${this.#index.catalog.database}"`;
    if (schema === null || name === null) return `matches no relation ${where}; check the schema's name`;
    const known = this.#index.catalog.relations.filter((relation) => !isSystemSchema(relation.schema)).map(shown);
    const near = suggest(`${schema}.${name}`, known);
    return `is no relation ${where}; ${near === null ? 'check the name' : `did you mean ${near}?`}`;
  }

  /** Views that show more of a table than rules on the table itself would. */
  #openViews(relations: readonly Relation[]): string[] {
    return relations.flatMap((view) => {
      const read = this.#readBy(view, new Set());
      const withheld = read.find((relation) => this.#isWithheld(relation));
      if (withheld === undefined) return [];
      return `covers the view ${shown(view)}, which shows ${shown(withheld)} without that one's restrictions; name the tables, or deny the view`;
    });
  }

  #readBy({ view }: Relation, seen: Set<number>): Relation[] {
    return (view?.reads ?? []).flatMap((oid) => {
      const relation = this.#index.relation(oid);
      if (relation === undefined || seen.has(oid)) return [];
      seen.add(oid);
      return relation.view === null ? [relation] : this.#readBy(relation, seen);
    });
  }

  #isWithheld({ schema, name }: Relation): boolean {
    const rules = this.#policies.files.flatMap((file) => file.rules);
    return rules.some(
      ({ tables, effect, rows, columns, actions }) =>
        tables.some((table) => matchesTable(table, schema, name)) &&
        actions.has('select') &&
        (effect === 'deny' || rows !== null || columns.hide.length > 0 || columns.mask.size > 0),
    );
  }

  /** A rule that names its table must find the columns there; one for many tables in one of them. */
  #columns({ tables, columns }: Rule, matched: readonly Relation[], file: number, path: TreePath): void {
    const named = [
      ...columns.hide.map((name, at) => ({ name, at: ['hide', at] })),
      ...[...columns.mask.keys()].map((name) => ({ name, at: ['mask', name] })),
      ...(columns.write ?? []).map((name, at) => ({ name, at: ['write', at] })),
    ];
    for (const { name, at } of named) {
      const without = matched.filter((relation) => !relation.columns.some((column) => column.name === name));
      const exact = without.find(({ schema, name: table }) =>
        tables.some((pattern) => pattern.schema === schema && pattern.name === table),
      );
      const place = { file, path: [...path, 'columns', ...at] };
      if (exact !== undefined) {
        const near = suggest(
          name,
          exact.columns.map((column) => column.name),
        );
        const advice = near === null ? 'check the name' : `did you mean ${near}?`;
        this.errors.push({ ...place, message: `${shown(exact)} has no column ${quoteName(name)}; ${advice}` });
      } else if (without.length === matched.length) {
        this.warnings.push({
          ...place,
          message: `no table of the rule has a column ${quoteName(name)}; check the name`,
        });
      }
    }
  }

  #expressions(rule: Rule, session: SessionIdentity, matched: readonly Relation[], file: number, path: TreePath): void {
    for (const relation of matched) {
      for (const key of ['rows', 'check'] as const) {
        const expression = rule[key];
        if (expression === null) continue;
        const place = { file, path: [...path, key] };
        const sql = this.#compiled(expression, session, relation, place);
        if (sql === null) continue;
        this.#probe({ ...place, sql: `SELECT 1 FROM ${qualifiedName(relation)} WHERE ${sql}` }, relation);
      }
      for (const [name, mask] of rule.columns.mask) {
        const column = relation.columns.find((candidate) => candidate.name === name);
        if (column === undefined) continue;
        const place = { file, path: [...path, 'columns', 'mask', name] };
        const sql = this.#compiled(mask, session, relation, place, column);
        if (sql === null) continue;
        this.#probe({ ...place, sql: `SELECT ${sql} FROM ${qualifiedName(relation)}` }, relation);
      }
    }
  }

  #probe(probe: Probe, relation: Relation): void {
    const { file, path, sql } = probe;
    const [result] = bindText(sql, this.#parse(sql), this.#index, { searchPath: [], user: '' });
    const bound = result?.ok === true ? result.bound : null;
    const [misfit] = bound?.casts.flatMap((use) => this.#castMisfit(use) ?? []) ?? [];
    if (misfit !== undefined) {
      this.errors.push({ file, path, message: `${misfit}; correct it for ${shown(relation)}` });
      return;
    }
    this.probes.push(probe);
    const loose = bound?.functions.flatMap(({ candidates }) => candidates).find(isLoose);
    if (loose === undefined) return;
    const message = `calls ${shown(loose)}, whose body is read by the search_path of who asks; give the function SET search_path`;
    this.warnings.push({ file, path, message });
  }

  #castMisfit({ source, target, isExplicit }: CastUse): string | null {
    const [from, to] = typeNames(this.#index, [source, target]);
    if (isExplicit)
      return this.#coercions.canCoerce(source, target, 'e') ? null : `can't be cast from ${from} to ${to}`;
    // PG parse_coerce.c, coerce_to_boolean: as what is assigned.
    if (target !== oid.bool || this.#coercions.canCoerce(source, target, 'a')) return null;
    return `has a value of type ${from} where it takes a boolean`;
  }

  #compiled(
    expression: PolicyExpression,
    session: SessionIdentity,
    relation: Relation,
    place: Pick<Doubt, 'file' | 'path'>,
    masked: Column | null = null,
  ): string | null {
    const context = { parse: this.#parse, index: this.#index, relation, masked };
    try {
      return printInScope(compileSql(fillExpression(expression, session), context), relation);
    } catch (error) {
      if (!(error instanceof OperatorSqlError)) throw error;
      this.errors.push({ ...place, message: `${error.message}; correct it for ${shown(relation)}` });
      return null;
    }
  }
}

/** A session that sets search_path has such functions read another table than the policy means. */
function isLoose(called: CatalogFunction): boolean {
  return hasBody(called) && !called.fixesNames;
}

function isCheckedCopy({ actions, rows, check }: Rule): boolean {
  return actions.has('copy-in') && (rows !== null || check !== null);
}

function hasRowTriggers({ triggers }: Relation): boolean {
  return triggers.some(
    ({ timing, events, forEach, enabled }) =>
      timing === 'before' && forEach === 'row' && events.includes('insert') && enabled !== 'D',
  );
}

function shown({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}
