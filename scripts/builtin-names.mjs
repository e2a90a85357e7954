// Writes the names that PostgreSQL brings along into src/sql/: its functions, operators and keywords, of all the servers
// named. What a file already holds stays in it, so that servers can be asked one after the other. A new function that
// is stable or volatile is harmless only once src/sql/reviewed-functions.ts says why: a test names those on no list.
//   node scripts/builtin-names.mjs postgres://postgres@127.0.0.1:5432/postgres [URL ...]
import { readFile, writeFile } from 'node:fs/promises';
import pg from 'pg';

const functionsFile = new URL('../src/sql/builtin-functions.ts', import.meta.url);
const keywordsFile = new URL('../src/sql/keywords.ts', import.meta.url);

const functionsSql = `select proname::text as name, bool_or(provolatile <> 'i') as changes,
  bool_or(provolatile = 'v') as is_volatile from pg_proc
  where pronamespace = 'pg_catalog'::regnamespace and prokind in ('f', 'a', 'w') group by proname`;
const operatorsSql = `select distinct oprname::text as name from pg_operator where oprnamespace = 'pg_catalog'::regnamespace`;
const keywordsSql = 'select word as name, catcode as class from pg_get_keywords()';

const functions = await namesIn(functionsFile, 'builtinFunctions');
const changing = await namesIn(functionsFile, 'changingFunctions');
const volatile = await namesIn(functionsFile, 'volatileFunctions');
const operators = await namesIn(functionsFile, 'builtinOperators');
const keywords = {
  R: await namesIn(keywordsFile, 'reservedWords'),
  C: await namesIn(keywordsFile, 'columnNameWords'),
  T: await namesIn(keywordsFile, 'typeOrFunctionNameWords'),
};

for (const url of process.argv.slice(2)) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const { name, changes, is_volatile } of (await client.query(functionsSql)).rows) {
    functions.add(name);
    if (changes) changing.add(name);
    if (is_volatile) volatile.add(name);
  }
  for (const { name } of (await client.query(operatorsSql)).rows) operators.add(name);
  for (const { name, class: letter } of (await client.query(keywordsSql)).rows) keywords[letter]?.add(name);
  await client.end();
}

await writeFile(
  functionsFile,
  `${head()}
/** Names of all functions, aggregates and window functions in pg_catalog. */
${list('builtinFunctions', functions)}
/** Those of them that are stable or volatile in some overload and version: they look at more than their arguments. */
${list('changingFunctions', changing)}
/** Those of them that are volatile in some overload and version. */
${list('volatileFunctions', volatile)}
/** Names of all operators in pg_catalog. */
${list('builtinOperators', operators)}`,
);
await writeFile(
  keywordsFile,
  `${head()}
/** Words that name nothing unless quoted (pg_get_keywords: R). */
${list('reservedWords', keywords.R)}
/** Words that name columns and tables but no functions or types (C). */
${list('columnNameWords', keywords.C)}
/** Words that name functions and types but no columns or tables (T). */
${list('typeOrFunctionNameWords', keywords.T)}`,
);

async function namesIn(file, list) {
  const text = await readFile(file, 'utf8').catch(() => '');
  const found = new RegExp(`${list}: [^]*?\`\n([^]*?)\n\`\n`).exec(text);
  return new Set(found?.[1].split(/\s+/).filter(Boolean) ?? []);
}

function head() {
  return '// Written by scripts/builtin-names.mjs from the servers themselves. Not edited by hand, and as long as the lists are.\n';
}

function list(name, names) {
  const lines = [''];
  for (const item of [...names].sort()) {
    const line = lines[lines.length - 1];
    if (line.length + item.length + 1 > 118) lines.push(`  ${item}`);
    else lines[lines.length - 1] = line === '' ? `  ${item}` : `${line} ${item}`;
  }
  return `export const ${name}: ReadonlySet<string> = new Set(
  \`
${lines.join('\n')}
\`
    .trim()
    .split(/\\s+/),
);
`;
}
