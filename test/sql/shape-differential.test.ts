import fc from 'fast-check';
import { loadModule, normalizeSync } from 'libpg-query';
import t from 'tap';
import { scan, token } from '../../src/sql/scan.js';
import { type KeyedText, keyOf, shapeOf } from '../../src/sql/shape.js';
import { changes } from './bind/changes.js';
import { newer } from './bind/newer.js';
import { refused } from './bind/refused.js';
import { selects } from './bind/selects.js';
import { text as generated } from './shape/generated.js';
import { literalValue, negative, positionsIn, treeOf } from './shape/literal-trees.js';
import { moments, pinned, shareable } from './sharing/statements.js';

await loadModule();

const counts = { texts: 0, keyed: 0, compared: 0, refused: 0, parameters: 0, normalised: 0 };

/** Parses what `shapeOf` and `keyOf` give, and compares it with the text that they were given. Says what differs. */
function check(text: string): string | null {
  counts.texts++;
  const keyed = keyOf(text);
  const shape = shapeOf(text);
  if ((keyed === null) !== (shape === null)) return 'a shape and no key, or the other way round';
  if (keyed === null || shape === null) return null;
  counts.keyed++;
  return compareKey(text, keyed) ?? compareShape(text, shape) ?? compareNormalised(text);
}

/** With other literals of the same classes the tree is the same, once the literals of the text are put back. */
function compareKey(text: string, { key, literals }: KeyedText): string | null {
  const classes = [...key.matchAll(/\0(.)/g)].map(([, letter]) => letter ?? '');
  const tree = treeOf(text);
  for (const markerOf of [largeMarker, smallMarker]) {
    const markers = literals.map((literal, at) => markerOf(classes[at] ?? '', literal, at));
    let next = 0;
    const marked = key.replace(/\0./g, () => markers[next++] ?? '');
    const again = keyOf(marked);
    if (again?.key !== key) return `another key with other literals: ${marked}`;
    const found = treeOf(marked, { values: valuesBehind(markers, literals) });
    if (tree === null && found === null) counts.refused++;
    if (found === null && tree !== null) continue; // a number that is out of bounds there: the next ones may be in them
    if (found !== tree) return `another tree with other literals: ${marked}\n${tree}\n${found}`;
    if (tree !== null) counts.compared++;
    if (tree !== null && String(positionsIn(marked)) !== String(positionsIn(text))) return `other columns: ${marked}`;
    return null;
  }
  return 'with other literals it is refused';
}

/** One text of a class, the same in no other place of the text; what is alone in its class stays. */
function largeMarker(letter: string, literal: string, at: number): string {
  if (letter === 'i') return String(710_000_000 + at);
  if (letter === 'l') return String(9_000_000_000 + at);
  // It begins as the literal does: what stands before it may end in a letter, and would go on in it.
  if (letter === 'n') return `${literal.startsWith('.') ? '' : '7'}.${10_000 + at}`;
  return letter === 's' ? `${literal.slice(0, literal.indexOf("'"))}'«${at}»'` : literal;
}

/** For numbers of columns, of decimal places and the like. */
function smallMarker(letter: string, literal: string, at: number): string {
  return letter === 'i' ? String(101 + at) : largeMarker(letter, literal, at);
}

function valuesBehind(markers: readonly string[], literals: readonly string[]): ReadonlyMap<unknown, unknown> {
  const values = new Map<unknown, unknown>();
  literals.forEach((literal, at) => {
    const [marker, value] = [literalValue(markers[at] ?? ''), literalValue(literal)];
    values.set(marker, value);
    // The parser takes a minus before a number into it.
    if (/^[.\d]/.test(literal)) values.set(negative(marker), negative(value));
  });
  return values;
}

/** Where parameters may stand for literals, the tree is the same with the literals in their places. */
function compareShape(text: string, shape: string): string | null {
  if (shapeOf(shape) !== shape) return `the shape ${shape} has another one`;
  const literals = literalsOf(text).filter(({ isKept }) => !isKept);
  const highest = highestParameter(text);
  const parameters = new Map(literals.map(({ literal }, at) => [highest + at + 1, literal]));
  const found = treeOf(shape, { parameters });
  const tree = treeOf(text);
  // The parser takes a parameter where the server takes a string only.
  if (found === null || tree === null) return null;
  counts.parameters++;
  return found === tree ? null : `another tree with parameters: ${shape}\n${tree}\n${found}`;
}

function highestParameter(text: string): number {
  const parameters = (scan(text) ?? []).filter(({ kind }) => kind === token.parameter);
  return Math.max(0, ...parameters.map(({ start, end }) => Number(text.slice(start + 1, end))));
}

function isParameterAt(text: string, at: number): boolean {
  return text[at] === '$' && (scan(text) ?? []).some(({ kind, start }) => start === at && kind === token.parameter);
}

interface Literal {
  readonly start: number;
  readonly literal: string;
  /** In FLOAT(n), where it chooses the type. */
  readonly isKept: boolean;
}

function literalsOf(text: string): Literal[] {
  const tokens = scan(text) ?? [];
  const literals = new Set<number>([token.number, token.string, token.escapeString]);
  const before = (at: number): string => {
    const found = tokens[at];
    return found === undefined ? '' : text.slice(found.start, found.end).toLowerCase();
  };
  return tokens.flatMap(({ kind, start, end }, at) => {
    if (!literals.has(kind)) return [];
    const isKept = kind === token.number && before(at - 1) === '(' && before(at - 2) === 'float';
    return [{ start, literal: text.slice(start, end), isKept }];
  });
}

/** What libpg-query's own normalisation takes out is a literal here, and it leaves the rest as it is. */
function compareNormalised(text: string): string | null {
  const isQuery = /"stmt":{"(Select|Insert|Update|Delete)Stmt"/.test(treeOf(text) ?? '');
  // Of a negative number it takes as many characters as the number has; what stands between is lost on it.
  if (!isQuery || /-[^\w]*[-(/\s]/.test(text)) return null;
  const normalised = normalizeSync(text);
  const literals = new Map(literalsOf(text).map(({ start, literal }) => [start, literal]));
  let at = 0;
  for (let place = 0; place < normalised.length; ) {
    const kept = literals.get(at) ?? text.charAt(at);
    if (normalised.startsWith(kept, place) && !isParameterAt(text, at)) {
      at += kept.length;
      place += kept.length;
      continue;
    }
    const [parameter = ''] = /^\$\d+/.exec(normalised.slice(place)) ?? [];
    const start = text[at] === '-' ? at + 1 : at;
    // It also takes out what stands for a constant: null, true, the year of EXTRACT.
    const literal = literals.get(start) ?? /^\w+/.exec(text.slice(start))?.[0];
    if (parameter === '' || (literal === undefined && !text.startsWith(parameter, at)))
      return `another normalisation: ${normalised} at ${place}`;
    place += parameter.length;
    at = literal === undefined ? at + parameter.length : start + literal.length;
  }
  counts.normalised++;
  return null;
}

t.test('what a shape leaves out is literals', async (t) => {
  const real = [
    ...[...selects, ...changes, ...newer, ...refused, ...shareable, ...Object.keys(pinned), ...Object.keys(moments)],
  ];
  for (const text of real) t.equal(check(text), null, text);
});

t.test('and so it is of statements that nobody writes', async (t) => {
  fc.assert(
    fc.property(generated, (text) => {
      const problem = check(text);
      if (problem !== null) throw new Error(problem);
    }),
    { numRuns: Number(process.env.SHAPE_RUNS ?? 20_000) },
  );
  t.comment(JSON.stringify(counts));
  t.ok(counts.compared > 5_000);
});
