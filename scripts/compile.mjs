// Compiles every TypeScript file to .compiled/, as it lies in the tree and without a look at types (`npm run types`
// does that), in a second or so: tests and benches run there, where no loader has to be started with each process.
//   node scripts/compile.mjs [FILE.ts ARGUMENT ...]   then runs that file
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import { bundleThread, threadEntry } from './bundle-thread.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const compiled = path.join(root, '.compiled');
const folders = ['src', 'protocol', 'certs', 'test', 'bench'];
const thread = path.join(compiled, `${threadEntry}.js`);

/** What becomes of a source, named from the root: `test/x.test.ts` gives the path of `.compiled/test/x.test.js`. */
export const compiledFile = (name) =>
  path.join(compiled, path.relative(root, path.resolve(root, name))).replace(/\.ts$/, '.js');

const filesBelow = (folder, ending) =>
  existsSync(folder) ? readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending)) : [];

const isFresh = (output, source) => existsSync(output) && statSync(output).mtimeMs >= statSync(source).mtimeMs;

async function compileFile(name) {
  const source = path.join(root, name);
  const output = compiledFile(name);
  if (isFresh(output, source)) return;
  const { code } = await transform(readFileSync(source, 'utf8'), {
    ...{ loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline', sourcefile: source },
    // A test finds what lies beside it; a thread of the daemon's is started from what is compiled.
    define: /^(test|bench)\//.test(name) ? { 'import.meta.url': JSON.stringify(pathToFileURL(source).href) } : {},
  });
  mkdirSync(path.dirname(output), { recursive: true });
  writeFileSync(output, code);
}

/** Compiles what is newer than its output, and removes the output of what is gone. */
export async function compile() {
  let isThreadFresh = true;
  for (const folder of folders) {
    const names = filesBelow(path.join(root, folder), '.ts').map((name) => path.join(folder, name));
    const isOfThread = folder === 'src' || folder === 'protocol';
    isThreadFresh &&= !isOfThread || names.every((name) => isFresh(thread, path.join(root, name)));
    await Promise.all(names.filter((name) => compiledFile(name) !== thread).map(compileFile));
    const wanted = new Set(names.map(compiledFile));
    for (const name of filesBelow(path.join(compiled, folder), '.js')) {
      const output = path.join(compiled, folder, name);
      if (!wanted.has(output)) rmSync(output, { force: true });
    }
  }
  if (!isThreadFresh) await bundleThread(compiled);
}

const [, script, file, ...parameters] = process.argv;
if (script === fileURLToPath(import.meta.url)) {
  await compile();
  if (file !== undefined) {
    const output = compiledFile(file);
    process.argv = [process.execPath, output, ...parameters];
    await import(pathToFileURL(output).href);
  }
}
