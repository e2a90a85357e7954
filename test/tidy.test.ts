import { readFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { errorCodes } from '../src/errors/error-codes.js';
import { readErrorTable } from './support/readme.js';
import { roomOf, rowOf, rows } from './support/rooms.js';
import { findCycles, reachableFrom, readSources, root, type SourceFile, visit } from './support/source-tree.js';

const program = ['src', 'protocol', 'certs'].flatMap(readSources);
const programNames = new Set(program.map(({ name }) => name));
const tests = readSources('test');
const linesMax = 500;

/** One assertion for a whole rule: its message lists every place that breaks it. */
function holds(t: Test, broken: readonly string[], rule: string): void {
  t.same(broken, [], rule);
}

const assertions = new Set(
  (
    'equal not same notSame strictSame match notMatch ok notOk throws doesNotThrow rejects resolves resolveMatch has ' +
    'hasStrict type error emits pass fail matchSnapshot assert holds'
  ).split(' '),
);

const isAssertion = (call: ts.CallExpression): boolean =>
  assertions.has(call.expression.getText().split('.').at(-1) ?? '');

const takesTest = (call: ts.CallExpression): boolean => call.arguments.some((argument) => argument.getText() === 't');

function hasCall(tree: ts.SourceFile, isWanted: (call: ts.CallExpression) => boolean): boolean {
  let isFound = false;
  visit(tree, (node) => {
    if (ts.isCallExpression(node) && isWanted(node)) isFound = true;
  });
  return isFound;
}

t.test('every file of the program lives in a room', async (t) => {
  const homeless = program.filter(({ name }) => rowOf(name) < 0).map(({ name }) => name);
  holds(t, homeless, 'a new room needs a row in test/support/rooms.ts, at its place in the order of imports');
});

t.test('imports between rooms only go down', async (t) => {
  const broken = program.flatMap(({ name, imports }) =>
    imports
      .filter((imported) => programNames.has(imported) && rowOf(imported) < rowOf(name))
      .map((imported) => `${name} imports ${imported}, but ${roomOf(imported)} is above ${roomOf(name)}`),
  );
  holds(t, broken, 'what a lower room needs from above is handed to it as a parameter');
});

t.test('what is imported exists', async (t) => {
  const known = new Set([
    ...programNames,
    ...tests.map(({ name }) => name),
    ...readSources('bench').map(({ name }) => name),
  ]);
  const broken = [...program, ...tests].flatMap(({ name, imports }) =>
    imports
      .filter((imported) => imported.endsWith('.ts') && !known.has(imported))
      .map((file) => `${name} imports ${file}`),
  );
  holds(t, broken, 'a file that is imported, or named by new URL(), is in the repository');
});

t.test('no files import each other in a circle', async (t) => {
  holds(t, findCycles(program), 'two files that need each other are one, or need a third below them');
});

t.test('every file of the program is used by the program', async (t) => {
  const entries = ['src/cli.ts', 'protocol/index.ts'];
  const reached = reachableFrom(program, entries);
  const orphans = program.filter(({ name }) => !reached.has(name)).map(({ name }) => name);
  holds(t, orphans, `nothing leads from ${entries.join(' or ')} to them; tests alone don't count`);
});

t.test('each npm package is imported by the room that owns it and no other', async (t) => {
  const broken = program.flatMap(({ name, packages }) =>
    packages.flatMap((used) => {
      const owner = rows.findIndex(({ owns }) => owns.includes(used));
      if (owner === rowOf(name)) return [];
      return [
        `${name} imports ${used}, which ${owner < 0 ? 'no room owns' : `belongs to ${rows[owner]?.rooms.join(', ')}`}`,
      ];
    }),
  );
  holds(t, broken, 'a room asks the owning room, or the table in test/support/rooms.ts gets a new owner');
});

t.test('protocol/ needs nothing of Node but buffers', async (t) => {
  const broken = program
    .filter(({ name }) => name.startsWith('protocol/'))
    .flatMap(({ name, text }) =>
      [...text.matchAll(/from '(node:(?!buffer')[^']*)'/g)].map((match) => `${name} imports ${match[1]}`),
    );
  holds(t, broken, 'protocol/ turns bytes into values and back');
});

t.test('only the command line writes to the console', async (t) => {
  const isAllowed = (name: string) => roomOf(name) === 'src/cli.ts' || roomOf(name) === 'src/commands/';
  const broken: string[] = [];
  for (const { name, tree } of program.filter(({ name }) => !isAllowed(name))) {
    visit(tree, (node) => {
      if (!ts.isPropertyAccessExpression(node) || node.expression.getText() !== 'console') return;
      broken.push(`${name}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    });
  }
  holds(t, broken, 'everything else logs through src/telemetry/');
});

t.test(`a file of more than ${linesMax} lines says why in its head`, async (t) => {
  const broken = [...program, ...tests, ...readSources('bench')]
    .filter(({ lines, headComment }) => lines > linesMax && !/\blines\b|\blong\b/i.test(headComment))
    .map(({ name, lines }) => `${name} has ${lines} lines`);
  holds(t, broken, 'split it, or begin it with a comment that says why it is this long');
});

t.test('every test file asserts something', async (t) => {
  const asserting = new Set(tests.filter(({ tree }) => hasCall(tree, isAssertion)).map(({ name }) => name));
  // Shared assertions are functions that a test hands its `t` to.
  const asksOthers = ({ tree, imports }: SourceFile) =>
    hasCall(tree, takesTest) && imports.some((imported) => asserting.has(imported));
  const empty = tests.filter((file) => !asserting.has(file.name) && !asksOthers(file)).map(({ name }) => name);
  const rule = 'a test without an assertion passes whatever happens';
  holds(
    t,
    empty.filter((name) => name.endsWith('.test.ts')),
    rule,
  );
});

t.test('no test is run alone and no debugger statement is left', async (t) => {
  const marks = /\bt\.only\b|\bonly: true\b|\bdebugger;/;
  const broken = [...program, ...tests].filter(({ name, text }) => name !== 'test/tidy.test.ts' && marks.test(text));
  holds(
    t,
    broken.map(({ name }) => name),
    'left over from debugging',
  );
});

t.test('the error table of the README is the one of the code', async (t) => {
  const readme = path.join(root, 'README.md');
  const inCode = Object.values(errorCodes).map(
    ({ situation, sqlstate, severity }) => `${situation} | ${sqlstate} | ${severity}`,
  );
  const inReadme = readErrorTable(readFileSync(readme, 'utf8'));
  holds(
    t,
    inCode.filter((row) => !inReadme.includes(row)),
    'rows that the README lacks (situation | SQLSTATE | severity)',
  );
  holds(
    t,
    inReadme.filter((row) => !inCode.includes(row)),
    'rows of the README that src/errors/error-codes.ts lacks',
  );
});

t.test('the lock file names no host to install from', async (t) => {
  const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  holds(t, [...lock.matchAll(/"resolved": ".*"/g)].map(String), 'npm install keeps them out when .npmrc is honoured');
});
