import type { Action, FunctionUse, RelationUse, SettingUse, StatementKind } from '../statement-facts.js';
import { branchKinds, fixedKindOf, leafKinds } from './node-kinds.js';
import { type Fields, nodeOf, structOf, textOf } from './tree.js';

export type NodeHandler = (walk: Walk, fields: Fields) => void;

interface Relation {
  readonly schema: string | null;
  readonly name: string;
  readonly actions: Set<Action>;
}

/** More of anything than this, and the statement is refused: facts cross from a thread and are decided on in one go. */
const usesMax = 2_000;

/** A text with more statements, or a statement with more relations, functions or settings, than can be decided on. */
export class TooManyFacts extends Error {}

/** A walk over one statement's tree, and what it has found so far. Every node is either handled, looked through, or unknown. */
export class Walk {
  readonly relations = new Map<string, Relation>();
  readonly functions = new Map<string, FunctionUse>();
  readonly kinds = new Set<StatementKind>();
  readonly settings: SettingUse[] = [];
  readonly settingsRead = new Set<string>();
  forbidden: string | null = null;
  unknown: string | null = null;
  target: string | null = null;
  hangsOnLiterals = false;
  /** Column references and WHERE CURRENT OF passed so far: how a DELETE's condition shows that it reads. */
  columnsRead = 0;
  /** In a definition, relations are named without being read. */
  isInDefinition = false;
  /** Names of the WITH queries that are visible, innermost last. */
  private readonly scopes: Set<string>[] = [];

  constructor(private readonly handlers: Readonly<Record<string, NodeHandler>>) {}

  /** Walks a node of a kind that is known already. */
  visit(kind: string, fields: Fields): void {
    if (leafKinds.has(kind)) return;
    if (Object.hasOwn(this.handlers, kind)) this.handlers[kind]?.(this, fields);
    else if (branchKinds.has(kind)) this.visitFields(kind, fields);
    else this.unknown ??= kind;
  }

  /** Walks a field's value: a node that names its kind, a list of them, or nothing. */
  visitNode(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visitNode(item);
      return;
    }
    const node = nodeOf(value);
    if (node !== null) this.visit(node.kind, node.fields);
  }

  /** Walks all fields of a node but those named. */
  visitFields(kind: string, fields: Fields, except: readonly string[] = []): void {
    for (const field in fields) {
      const value = fields[field];
      if (typeof value !== 'object' || value === null || except.includes(field)) continue;
      const fixedKind = fixedKindOf(kind, field);
      if (fixedKind === undefined) this.visitNode(value);
      else this.visit(fixedKind, structOf(value) ?? {});
    }
  }

  /** Something is done to the relation that a RangeVar names. */
  use(rangeVar: unknown, ...actions: readonly Action[]): void {
    const fields = structOf(rangeVar);
    const name = textOf(fields?.relname);
    if (fields === null || name === '') {
      this.unknown ??= 'RangeVar';
      return;
    }
    const schema = textOf(fields.schemaname) || null;
    const key = `${schema ?? ''}\0${name}`;
    let relation = this.relations.get(key);
    if (relation === undefined) {
      this.count(this.relations.size);
      relation = { schema, name, actions: new Set() };
      this.relations.set(key, relation);
    }
    for (const action of actions) relation.actions.add(action);
  }

  call(schema: string | null, name: string): void {
    const key = `${schema ?? ''}\0${name}`;
    if (this.functions.has(key)) return;
    this.count(this.functions.size);
    this.functions.set(key, { schema, name });
  }

  set(setting: SettingUse): void {
    this.count(this.settings.length);
    this.settings.push(setting);
  }

  /** Whether a RangeVar names a WITH query that is visible here: never with a schema. */
  isWithQuery(rangeVar: Fields): boolean {
    if (textOf(rangeVar.schemaname) !== '') return false;
    return this.scopes.some((scope) => scope.has(textOf(rangeVar.relname)));
  }

  /** Runs `body` with names that can be added to while it runs. */
  withScope(body: (scope: Set<string>) => void): void {
    const scope = new Set<string>();
    this.scopes.push(scope);
    body(scope);
    this.scopes.pop();
  }

  relationUses(): RelationUse[] {
    return [...this.relations.values()].map(({ schema, name, actions }) => ({ schema, name, actions: [...actions] }));
  }

  private count(uses: number): void {
    if (uses >= usesMax) throw new TooManyFacts();
  }
}
