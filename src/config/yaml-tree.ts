import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml';
import {
  maskReferences,
  type ReferenceSources,
  resolveReferences,
  UnresolvedReference,
  unmaskReferences,
} from './references.js';

/** A value as it stands in the file: what it is read as (text or number) depends on the key. */
export class ConfigScalar {
  constructor(
    /** As written, so that a password `0123` keeps its zero; references are put in. */
    readonly text: string,
    readonly value: string | number | boolean | null,
    /** The part that stands in the file itself. */
    readonly written: string,
  ) {}
}

export type ConfigTree = ConfigScalar | ConfigTree[] | { [key: string]: ConfigTree };

export type TreePath = readonly PropertyKey[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface TreeProblem {
  readonly place: Place;
  /** `what; what to do` */
  readonly message: string;
}

/** A parsed file: its values, and where each of them stands. */
export interface YamlTree {
  readonly root: ConfigTree;
  readonly problems: readonly TreeProblem[];
  /** Of the key at this path, or of the item; of the nearest that there is when it is missing. */
  placeOf(path: TreePath): Place;
}

const nodesMax = 200_000;
const depthMax = 32;
const unknownAlias = 'this alias has no anchor before it; write a text that begins with "*" in quotes';

/** Never throws: what is not YAML, or leads nowhere, is a problem. */
export function parseYamlTree(text: string, sources: ReferenceSources): YamlTree {
  const lineCounter = new LineCounter();
  const document = parseDocument(maskReferences(text), { lineCounter, prettyErrors: false, version: '1.2' });
  const placeAt = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // The first alone: what follows one syntax error is mostly its echo.
  const problems = document.errors.slice(0, 1).map((error) => {
    return { place: placeAt(error.pos[0]), message: yamlProblem(error) };
  });
  const builder = new TreeBuilder(sources, placeAt);
  const root = problems.length > 0 ? {} : builder.build(document.contents, [], 0);
  return {
    root: root instanceof ConfigScalar && root.value === null ? {} : root,
    problems: [...problems, ...builder.problems],
    placeOf: (path) => builder.placeOf(path),
  };
}

class TreeBuilder {
  readonly problems: TreeProblem[] = [];
  readonly #sources: ReferenceSources;
  readonly #placeAt: (offset: number) => Place;
  readonly #places = new Map<string, Place>();
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(sources: ReferenceSources, placeAt: (offset: number) => Place) {
    this.#sources = sources;
    this.#placeAt = placeAt;
  }

  build(node: unknown, path: TreePath, offset: number): ConfigTree {
    const start = (node as Node | null)?.range?.[0] ?? offset;
    const place = this.#placeAt(start);
    if (!this.#places.has(placeKey(path))) this.#places.set(placeKey(path), place);
    // Aliases can multiply: nine of nine of nine ... of a file of one kilobyte.
    if (++this.#nodes > nodesMax || path.length > depthMax) return this.#tooLarge(place);
    const target = isAlias(node) ? this.#anchored(node.source, place) : node;
    if ((isMap(target) || isSeq(target) || isScalar(target)) && target.anchor) this.#anchors.set(target.anchor, target);
    if (isMap(target)) return this.#map(target.items, path, start);
    if (isSeq(target)) return target.items.map((item, index) => this.build(item, [...path, index], start));
    if (isScalar(target)) return this.#scalar(target.value, target.source, place);
    return new ConfigScalar('', null, '');
  }

  placeOf(path: TreePath): Place {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(placeKey(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return { line: 1, column: 1 };
  }

  #anchored(anchor: string, place: Place): Node | undefined {
    const target = this.#anchors.get(anchor);
    if (target === undefined) this.#report(place, unknownAlias);
    return target;
  }

  #map(items: readonly { key: unknown; value: unknown }[], path: TreePath, offset: number): ConfigTree {
    const map: { [key: string]: ConfigTree } = {};
    for (const { key, value } of items) {
      const start = (key as Node | null)?.range?.[0] ?? offset;
      const name = isScalar(key) ? unmaskReferences(keyText(key.value, key.source)) : '';
      if (name === '' || name === '__proto__') {
        this.#report(this.#placeAt(start), 'this cannot be a name; write a plain text before the colon');
        continue;
      }
      this.#places.set(placeKey([...path, name]), this.#placeAt(start));
      map[name] = this.build(value, [...path, name], start);
    }
    return map;
  }

  #scalar(value: unknown, source: string | undefined, place: Place): ConfigScalar {
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
      const text = source ?? String(value);
      return new ConfigScalar(text, value, text);
    }
    if (typeof value !== 'string') {
      this.#report(place, 'this kind of value is not known; write a text, a number, true or false');
      return new ConfigScalar('', null, '');
    }
    try {
      const { text, isReference, written } = resolveReferences(unmaskReferences(value), this.#sources);
      return new ConfigScalar(text, isReference ? readAgain(text) : text, written);
    } catch (error) {
      if (!(error instanceof UnresolvedReference)) throw error;
      this.#report(place, error.message);
      return new ConfigScalar('', null, '');
    }
  }

  #tooLarge(place: Place): ConfigTree {
    if (this.#nodes <= nodesMax + 1) {
      this.#report(place, 'the file is too deep or has too many values; write it without aliases');
    }
    this.#nodes = nodesMax + 1;
    return new ConfigScalar('', null, '');
  }

  #report(place: Place, message: string): void {
    this.problems.push({ place, message });
  }
}

function placeKey(path: TreePath): string {
  return path.map(String).join('\0');
}

/** A name such as `007` is what was written, not the number. */
function keyText(value: unknown, source: string | undefined): string {
  return typeof value === 'string' ? value : (source ?? String(value ?? ''));
}

function readAgain(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^[-+]?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
}

/** In our words: the library's can quote the file, and so a secret. */
function yamlProblem(error: YAMLError): string {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return 'this key was there before; keep one of the two';
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; use spaces';
    case 'BAD_INDENT':
      return 'this line is not indented like its neighbours, or a bracket before it was not closed; align it';
    case 'MISSING_CHAR':
      return 'a quote, a bracket or a colon is missing before here; close it, or quote the text';
    case 'MULTIPLE_DOCS':
      return 'a second document begins here; keep one, without "---" in between';
    case 'BAD_ALIAS':
      return unknownAlias;
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return 'a colon where none can be; quote the text, or begin a new line';
    default:
      return 'this is not YAML; check quotes, colons and indentation here';
  }
}
