import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { buildConfig } from './build-config.js';
import type { Config } from './config.js';
import { ConfigError } from './config-error.js';
import { Findings, formatName, formatPath } from './findings.js';
import { readTextFile } from './read-text-file.js';
import { type ConfigFile, fileSchema } from './schema.js';
import { suggest } from './suggest.js';
import { parseYamlTree, type TreePath } from './yaml-tree.js';

/**
 * Reads and checks a configuration file.
 *
 * @param file as it is to be named in messages; relative paths in it start from its directory
 * @throws ConfigError with everything that is wrong, in the order of the file
 */
export async function loadConfig(file: string, env: NodeJS.ProcessEnv): Promise<Config> {
  const text = await readTextFile(file, file, 'name one with --config, or write one with pgturnstile init');
  const { config, holdsSecret } = parse(text, file, env);
  if (!holdsSecret || !(await isReadableByOthers(file))) return config;
  const warning = `${file} holds a secret and can be read by others; chmod 600 it, or write the secret as \${NAME}`;
  return { ...config, warnings: [...config.warnings, warning] };
}

/**
 * As `loadConfig`, of a text that was read already. Only files that it refers to by `file:` are read.
 *
 * @throws ConfigError
 */
export function parseConfig(text: string, file: string, env: NodeJS.ProcessEnv): Config {
  return parse(text, file, env).config;
}

function parse(text: string, file: string, env: NodeJS.ProcessEnv): { config: Config; holdsSecret: boolean } {
  const directory = dirname(resolve(file));
  const readSecret = (path: string) => readFileSync(resolve(directory, path), 'utf8');
  const tree = parseYamlTree(text, { env, readFile: readSecret });
  const findings = new Findings(file, tree);
  for (const { place, message } of tree.problems) findings.errorAt(place, message);
  failOnErrors(findings);
  const checked = fileSchema.safeParse(tree.root);
  if (!checked.success) reportSchema(checked.error.issues, findings);
  failOnErrors(findings);
  const config = buildConfig(checked.data as ConfigFile, directory, findings);
  failOnErrors(findings);
  return { config: { ...config, file, warnings: findings.warnings }, holdsSecret: findings.holdsSecret };
}

function failOnErrors({ errors }: Findings): void {
  if (errors.length === 0) return;
  throw new ConfigError(errors.toSorted((a, b) => a.line - b.line || a.column - b.column));
}

function reportSchema(issues: readonly z.core.$ZodIssue[], findings: Findings): void {
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys')
      reportUnknownKeys(issue.keys, issue.message.split(' '), issue.path, findings);
    else findings.error(issue.path, issue.message);
  }
}

function reportUnknownKeys(
  keys: readonly string[],
  known: readonly string[],
  path: TreePath,
  findings: Findings,
): void {
  for (const key of keys) {
    const near = suggest(key, known);
    const advice = near === null ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    const where = path.length === 0 ? '' : ` in ${formatPath(path)}`;
    findings.errorOf([...path, key], `unknown key ${formatName(key)}${where}; ${advice}`);
  }
}

/** Everybody, or a group that root did not give it to on purpose. */
async function isReadableByOthers(file: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const { mode, uid } = await stat(file);
  return (mode & (uid === 0 ? 0o004 : 0o044)) !== 0;
}
