import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Config, TenantConfig } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { ProxyError } from '../errors/proxy-error.js';
import { decide, type Principal } from '../policy/decide.js';
import { loadPolicies } from '../policy/load-policies.js';
import { policedSearchPath } from '../policy/search-path.js';
import { ParserPool } from '../sql/parser/parser-pool.js';
import { sessionEffects } from '../sql/session-effects.js';
import { shapeOf } from '../sql/shape.js';
import { type Explanation, formatExplanation } from './format-explanation.js';

interface ExplainOptions {
  readonly user: string;
  readonly config: string;
  readonly tenant: string;
  readonly database?: string;
  readonly searchPath?: string;
  readonly json?: boolean;
}

const examples = `Examples:
  pgturnstile explain --user alice "select * from customers"
  pgturnstile explain --user alice --database sales --json "copy orders to stdout"`;

export function explainCommand(): Command {
  return new Command('explain')
    .description('what the policy says of a statement, by which rules, and how it would be run')
    .argument('<sql>', 'the statement')
    .requiredOption('--user <name>', 'who runs it')
    .option('--database <name>', "where; left out: the tenant's first database")
    .option('--tenant <name>', 'the tenant', 'default')
    .option('--search-path <schemas>', "as the client's start-up would ask for it")
    .option('--config <file>', 'the configuration', 'pgturnstile.yaml')
    .option('--json', 'as JSON')
    .addHelpText('after', `\n${examples}`)
    .action(async (sql: string, options: ExplainOptions) => {
      const explanation = await explain(sql, await loadConfig(options.config, process.env), options);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(explanation, null, 2)}\n` : formatExplanation(explanation),
      );
    });
}

/** What the daemon would do with a statement of this user. Opens no connection. */
export async function explain(sql: string, config: Config, options: ExplainOptions): Promise<Explanation> {
  const tenant = config.tenants.get(options.tenant);
  if (tenant === undefined) throw wrongUse(`there is no tenant "${options.tenant}" in ${config.file}`);
  const who = principal(config, tenant, options);
  const effects = sessionEffects(sql);
  const base = {
    sql,
    ...{ user: who.user, roles: who.roles, tenant: tenant.name, database: who.database },
    ...{ shape: shapeOf(sql), rewritten: null, lane: 'pinned' as const, sessionEffect: effects.effect },
  };
  if (tenant.policies.length === 0) return { ...base, ...allowed, isPoliced: false };
  const policies = loadPolicies(
    await Promise.all(tenant.policies.map(async (file) => ({ file, text: await readFile(file, 'utf8') }))),
  );
  const parser = new ParserPool();
  try {
    const parsed = await parser.parse(sql, null);
    if (!parsed.ok) {
      const { sqlstate, message, position } = parsed;
      return { ...base, ...allowed, verdict: 'deny', sqlstate, message, position, isPoliced: true };
    }
    const { verdict, rules, actions, relations, message, hint } = decide(policies, who, parsed.statements);
    const sqlstate = verdict === 'deny' ? '42501' : null;
    const statements = parsed.statements.map(({ command }) => command);
    const found = { verdict, rules, actions, relations, message, hint, sqlstate, statements };
    return { ...base, ...allowed, ...found, isPoliced: true };
  } finally {
    await parser.close();
  }
}

const allowed = {
  verdict: 'allow' as const,
  statements: [],
  rules: [],
  actions: [],
  relations: [],
  sqlstate: null,
  message: null,
  hint: null,
  position: null,
};

function principal(config: Config, tenant: TenantConfig, options: ExplainOptions): Principal {
  const user = tenant.users.get(options.user) ?? config.users.get(options.user);
  if (user === undefined) throw wrongUse(`there is no user "${options.user}" in ${config.file}`);
  const database = options.database ?? tenant.databases.keys().next().value;
  if (database === undefined || !(tenant.databases.has(database) || tenant.databases.has('*'))) {
    throw wrongUse(`tenant "${tenant.name}" has no database "${database ?? ''}"; name one with --database`);
  }
  const path = policedSearchPath(options.searchPath);
  if ('refusal' in path) throw wrongUse(path.refusal);
  return { user: user.name, roles: user.roles, database, searchPath: path.schemas };
}

function wrongUse(message: string): ProxyError {
  return new ProxyError('configInvalid', message);
}
