import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { checkConfig } from '../../src/commands/check-config.js';
import { visitDatabase } from '../../src/commands/visit-database.js';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { actions, statementKinds } from '../../src/policy/file/policy-file.js';
import { startPostgres } from '../support/postgres.js';
import { root } from '../support/source-tree.js';

const folder = path.join(root, 'policies');
const policies = readdirSync(folder).filter((file) => /(?<!\.cases)\.yaml$/.test(file));

const server = await startPostgres();
const threads = new JudgeThreads({ deadlineMs: 60_000 });
t.teardown(async () => {
  await threads.close();
  await server.stop();
});

/** A database as a policy is made for, where it comes with one. */
async function databaseFor(file: string): Promise<string | null> {
  const schema = path.join(folder, file.replace(/yaml$/, 'sql'));
  if (!existsSync(schema)) return null;
  const name = path.basename(file, '.yaml');
  await server.query(`create database "${name}"`);
  await server.query(readFileSync(schema, 'utf8'), name);
  return server.urlFor(name);
}

t.test('the examples fit the databases that they come with, and their cases come out as written', async (t) => {
  t.ok(policies.length >= 3);
  for (const file of policies) {
    const url = await databaseFor(file);
    const database = url === null ? "'*': { url: 'postgres://app@db/*' }" : `sales: { url: '${url}' }`;
    const yaml = `users:
  alice: { roles: [analyst, clerk, app, loader], attributes: { regions: [EU], tenants: [acme] }, tenants: ['*'] }
  mo: { roles: [manager, head-of-desk, support, loader], tenants: ['*'] }
tenants: { acme: { databases: { ${database} }, policies: [${path.join(folder, file)}] } }`;
    const config = path.join(t.testdir({ 'pgturnstile.yaml': yaml }), 'pgturnstile.yaml');
    const report = await checkConfig(config, { env: {}, threads, visit: visitDatabase, now: new Date() });
    t.same(report.errors, [], file);
    t.same(report.failedCases, [], file);
    t.ok((report.counts?.cases ?? 0) >= 10, file);
    const doubts = report.warnings.filter(
      (said) => !/superuser|which no policy names|in clear|holds a secret/.test(said),
    );
    t.same(doubts, [], file);
    t.same(report.notes, [], file);
  }
});

t.test('the schema for editors says what the reader says', async (t) => {
  const schema = JSON.parse(readFileSync(path.join(folder, 'policy.schema.json'), 'utf8'));
  const { properties, $defs } = schema;
  t.same($defs.rule.properties.actions.items.enum, actions);
  t.same(properties.statements.properties.allow.items.enum, statementKinds);
  const unknown = /unknown key/;
  for (const key of [...Object.keys(properties), 'masks', 'limits']) t.notMatch(messageFor(`${key}: {}`), unknown, key);
  for (const key of [...Object.keys($defs.rule.properties), 'rows', 'check', 'columns'])
    t.notMatch(messageFor(`rules: [{ ${key}: 1 }]`), unknown);
  t.match(messageFor('other: {}'), unknown);
});

function messageFor(text: string): string {
  try {
    loadPolicies([{ file: 'p', text }]);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
