import { Command } from 'commander';
import { UserDirectory } from '../auth/user-directory.js';
import type { Config, DatabaseConfig, TenantConfig } from '../config/config.js';
import { databaseIn } from '../config/database-in.js';
import { loadConfig } from '../config/load-config.js';
import { JudgeThreads } from '../judge/judge-threads.js';
import { loadPoliciesInForce } from '../judge/policies-in-force.js';
import type { Answer, Question, Verdict } from '../judge/question.js';
import { sentText } from '../judge/rewriting.js';
import type { Principal } from '../policy/decide.js';
import { policedSearchPath } from '../policy/settings/search-path.js';
import { resultLimit } from '../session/replies/result-limit.js';
import { sessionEffects } from '../sql/session-effects.js';
import { keyOf, shapeOf } from '../sql/shape.js';
import { type Explanation, formatExplanation } from './format-explanation.js';
import { visitDatabase } from './visit-database.js';
import { wrongUse } from './wrong-use.js';

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
    .description('what the policy says of a statement, by which rules, and what would be sent')
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

/**
 * What the daemon would do with a statement of this user. It reads the database's catalog as the daemon does; where the
 * database can't be reached, what names mean is taken from the text alone, and `note` says so.
 */
export async function explain(sql: string, config: Config, options: ExplainOptions): Promise<Explanation> {
  const tenant = config.tenants.get(options.tenant);
  if (tenant === undefined) throw wrongUse(`there is no tenant "${options.tenant}" in ${config.file}`);
  const who = principal(config, tenant, options);
  const isPoliced = tenant.policies.length > 0;
  const base = {
    sql,
    ...{ user: who.user, roles: who.roles, tenant: tenant.name, database: who.database, isPoliced },
    ...{ shape: shapeOf(sql), sessionEffect: sessionEffects(sql).effect },
  };
  const database = databaseIn(tenant, who.database);
  const threads = new JudgeThreads();
  try {
    const policies = await loadPoliciesInForce(config, new Map(), { threads, firewalls: null }, () => {});
    const { catalog, upstreamUser, note } = await readCatalog(threads, database, who);
    const key = policies.get(tenant.name)?.key ?? null;
    const question: Question = {
      ...{ text: sql, who, policies: key, catalog, upstreamUser, parameterTypes: [], temporary: [], complexityMax: 0 },
    };
    return { ...base, ...nothing, ...explained(await threads.ask(question, null), sql, isPoliced, database), note };
  } finally {
    await threads.close();
  }
}

function explained(
  answer: Answer,
  sql: string,
  isPoliced: boolean,
  database: DatabaseConfig | undefined,
): Partial<Explanation> {
  if (!answer.ok) {
    const { sqlstate, message, position } = answer;
    return { verdict: isPoliced ? 'deny' : 'allow', sqlstate, message, position };
  }
  const { refusal, rules, actions, relations, template, changes } = answer;
  const found = {
    ...{ rules, actions, relations, statements: answer.statements.map(({ command }) => command) },
    ...{ rewritten: template === null ? null : sentText(template, keyOf(sql)), changes },
    ...laneOf(answer, database),
  };
  if (refusal === null || !isPoliced) return { ...found, verdict: 'allow' };
  const { sqlstate, message, hint, position } = refusal;
  return { ...found, verdict: 'deny', sqlstate, message, hint, position };
}

function laneOf(
  { isShareable, whyPinned, limits }: Verdict,
  database: DatabaseConfig | undefined,
): Pick<Explanation, 'lane' | 'whyPinned'> {
  if (!isShareable) return { lane: 'pinned', whyPinned };
  const mode = database?.pool.mode ?? 'auto';
  if (mode !== 'auto') return { lane: 'pinned', whyPinned: `the pool mode is ${mode}` };
  if (database !== undefined && resultLimit(database.limits, limits) !== null) {
    return { lane: 'pinned', whyPinned: 'what it gives is limited, and so counted' };
  }
  return { lane: 'shared', whyPinned: null };
}

async function readCatalog(
  threads: JudgeThreads,
  database: DatabaseConfig | undefined,
  who: Principal,
): Promise<{ readonly catalog: string | null; readonly upstreamUser: string; readonly note: string | null }> {
  const upstreamUser = database?.upstream.user ?? who.user;
  if (database === undefined) return { catalog: null, upstreamUser, note: null };
  try {
    const { catalog, close } = await visitDatabase(database, who.database);
    close();
    threads.tell({ kind: 'catalog', key: 'catalog', catalog });
    return { catalog: 'catalog', upstreamUser, note: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const note = `the database could not be asked what names mean (${why}), so they are taken from the text alone`;
    return { catalog: null, upstreamUser, note };
  }
}

const nothing = {
  rewritten: null,
  changes: [],
  lane: 'pinned' as const,
  whyPinned: null,
  verdict: 'allow' as const,
  statements: [],
  rules: [],
  actions: [],
  relations: [],
  sqlstate: null,
  message: null,
  hint: null,
  position: null,
  note: null,
};

function principal(config: Config, tenant: TenantConfig, options: ExplainOptions): Principal {
  const user = new UserDirectory(config).find(tenant.name, options.user);
  if (user === null) throw wrongUse(`there is no user "${options.user}" in ${config.file}`);
  const database = options.database ?? tenant.databases.keys().next().value;
  if (database === undefined || databaseIn(tenant, database) === undefined) {
    throw wrongUse(`tenant "${tenant.name}" has no database "${database ?? ''}"; name one with --database`);
  }
  const path = policedSearchPath(options.searchPath);
  if ('refusal' in path) throw wrongUse(path.refusal);
  const { name, roles, attributes } = user;
  return { user: name, tenant: tenant.name, roles, attributes, database, searchPath: path.schemas };
}
