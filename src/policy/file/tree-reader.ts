import { type Findings, formatName, formatPath } from '../../config/findings.js';
import { suggest } from '../../config/suggest.js';
import { ConfigScalar, type ConfigTree, type TreePath } from '../../config/yaml-tree.js';

/**
 * One value of a policy file and where it stands. Reads what it is asked for; what is wrong goes to the findings, and the
 * caller goes on with nothing in its place, so that one run finds everything.
 */
export class TreeReader {
  constructor(
    private readonly tree: ConfigTree,
    readonly path: TreePath,
    private readonly findings: Findings,
  ) {}

  error(message: string): void {
    this.findings.error(this.path, message);
  }

  /** The values of a map's keys; those that are not there are undefined. Keys not named are errors. */
  map<const K extends readonly string[]>(keys: K): { readonly [key in K[number]]?: TreeReader } {
    if (this.tree instanceof ConfigScalar || Array.isArray(this.tree)) {
      this.error('must be a map; write its keys below it, indented');
      return {};
    }
    const values: Record<string, TreeReader> = {};
    for (const [key, value] of Object.entries(this.tree)) {
      if (keys.includes(key)) values[key] = new TreeReader(value, [...this.path, key], this.findings);
      else this.unknownKey(key, keys);
    }
    return values as { readonly [key in K[number]]?: TreeReader };
  }

  /** A map whose keys are the writer's own. */
  entries(): readonly (readonly [string, TreeReader])[] {
    if (this.tree instanceof ConfigScalar || Array.isArray(this.tree)) {
      this.error('must be a map; write its keys below it, indented');
      return [];
    }
    return Object.entries(this.tree).map(([key, value]) => [
      key,
      new TreeReader(value, [...this.path, key], this.findings),
    ]);
  }

  get isList(): boolean {
    return Array.isArray(this.tree);
  }

  list(): readonly TreeReader[] {
    if (Array.isArray(this.tree)) {
      return this.tree.map((item, index) => new TreeReader(item, [...this.path, index], this.findings));
    }
    this.error('must be a list; write [a, b] or a line with "- " for each');
    return [];
  }

  /** A list that says something. */
  fullList(): readonly TreeReader[] {
    const items = this.list();
    if (Array.isArray(this.tree) && items.length === 0) this.error('is empty; name at least one, or leave the key out');
    return items;
  }

  text(): string {
    const isText = this.tree instanceof ConfigScalar && this.tree.value !== null && this.tree.text !== '';
    if (isText) return (this.tree as ConfigScalar).text;
    this.error('must be a text that is not empty; give it one, or leave the key out');
    return '';
  }

  /** Texts of a list that says something. */
  texts<T>(parse: (written: string) => T | null, form = ''): readonly T[] {
    return this.fullList().length === 0 ? [] : this.anyTexts(parse, form);
  }

  /** Texts of a list, each made into something by `parse`, which gives null for what it can't use. */
  anyTexts<T>(parse: (written: string) => T | null, form: string): readonly T[] {
    const parsed: T[] = [];
    for (const item of this.list()) {
      const written = item.text();
      if (written === '') continue;
      const value = parse(written);
      if (value === null) item.error(form);
      else parsed.push(value);
    }
    return parsed;
  }

  oneOf<const T extends readonly string[]>(names: T): T[number] | null {
    const written = this.tree instanceof ConfigScalar ? this.tree.text : '';
    if (names.includes(written)) return written;
    const near = suggest(written, names);
    const advice = near === null ? 'write one of them' : `did you mean ${near}?`;
    this.error(`must be one of ${names.join(', ')}; ${advice}`);
    return null;
  }

  /** A whole number from 0; 0 stands for no limit. */
  count(): number {
    const value = this.tree instanceof ConfigScalar ? Number(this.tree.text || Number.NaN) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= 0) return value;
    this.error('must be a whole number; write 0 for no limit');
    return 0;
  }

  private unknownKey(key: string, known: readonly string[]): void {
    const near = suggest(key, known);
    const advice = near === null ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    const where = this.path.length === 0 ? '' : ` in ${formatPath(this.path)}`;
    this.findings.errorOf([...this.path, key], `unknown key ${formatName(key)}${where}; ${advice}`);
  }
}
