import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Where the tests themselves run: `src/x.ts` is there as `src/x.js`, for processes that import it. */
export const compiled = path.join(root, '.compiled');

export interface SourceFile {
  /** From the root, with slashes: `src/pool/pool.ts`. */
  name: string;
  text: string;
  lines: number;
  /** The comment that the file begins with; empty when it begins with code. */
  headComment: string;
  tree: ts.SourceFile;
  /** The project's own files that it imports, by name, those of workers and of types too. */
  imports: string[];
  /** Those of them that are still imported when the types are gone. */
  runtimeImports: string[];
  /** The npm packages that it imports: `pino`, `@scope/name`. */
  packages: string[];
}

/** The TypeScript files below a folder of the repository; none when there is no such folder. */
export function readSources(folder: string): SourceFile[] {
  const start = path.join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => readSource(path.posix.join(folder, name.split(path.sep).join('/'))))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function readSource(name: string): SourceFile {
  const text = readFileSync(path.join(root, name), 'utf8');
  const tree = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const specifiers = findSpecifiers(tree, 'types too');
  const isOwn = (specifier: string) => specifier.startsWith('.');
  const ownNames = (all: string[]) => all.filter(isOwn).map((specifier) => resolveOwn(name, specifier));
  return {
    ...{ name, text, tree },
    lines: text.split('\n').length - 1,
    headComment: (ts.getLeadingCommentRanges(text, 0) ?? []).map(({ pos, end }) => text.slice(pos, end)).join('\n'),
    imports: ownNames(specifiers),
    runtimeImports: ownNames(findSpecifiers(tree, 'values')),
    packages: specifiers.filter((specifier) => !isOwn(specifier) && !isBuiltin(specifier)).map(packageOf),
  };
}

/** What import, export, import() and new URL('./worker.js', import.meta.url) name. */
function findSpecifiers(tree: ts.SourceFile, which: 'values' | 'types too'): string[] {
  const specifiers: string[] = [];
  const take = (node: ts.Node | undefined) => {
    if (node !== undefined && ts.isStringLiteralLike(node)) specifiers.push(node.text);
  };
  visit(tree, (node) => {
    if (which === 'values' && isTypeOnly(node)) return;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) take(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) take(node.arguments[0]);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) take(node.argument.literal);
    if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.[0] !== undefined) {
      visit(node.arguments[0], (part) => {
        if (isModule(part)) take(part);
      });
    }
  });
  return [...new Set(specifiers)];
}

/** `import type`, `export type` and the type import(), all of which leave nothing behind under verbatimModuleSyntax. */
function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.isTypeOnly ?? false;
  return (ts.isExportDeclaration(node) && node.isTypeOnly) || ts.isImportTypeNode(node);
}

const isModule = (node: ts.Node): boolean => ts.isStringLiteralLike(node) && /^\.{1,2}\/.*\.[jt]s$/.test(node.text);

function resolveOwn(importer: string, specifier: string): string {
  return path.posix.join(path.posix.dirname(importer), specifier).replace(/\.js$/, '.ts');
}

const isBuiltin = (specifier: string): boolean => specifier.startsWith('node:') || builtinModules.includes(specifier);

const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** Calls `look` for the node and all below it. */
export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** The cycles that the run-time imports make, each once, as paths that end where they began. */
export function findCycles(sources: readonly SourceFile[]): string[] {
  const byName = new Map(sources.map((source) => [source.name, source]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const follow = (name: string, trail: readonly string[]): void => {
    const start = trail.indexOf(name);
    if (start >= 0) cycles.push([...trail.slice(start), name].join(' -> '));
    if (start >= 0 || finished.has(name)) return;
    for (const imported of byName.get(name)?.runtimeImports ?? []) follow(imported, [...trail, name]);
    finished.add(name);
  };
  for (const { name } of sources) follow(name, []);
  return cycles;
}

/** The names of all that the given files import, directly or not, and of these files themselves. */
export function reachableFrom(sources: readonly SourceFile[], entries: readonly string[]): Set<string> {
  const byName = new Map(sources.map((source) => [source.name, source]));
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const source = byName.get(name);
    if (source === undefined || reached.has(name)) continue;
    reached.add(name);
    waiting.push(...source.imports);
  }
  return reached;
}
