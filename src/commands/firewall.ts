import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../config/load-config.js';
import { type FingerprintList, fingerprintsMax, type Known, keyOf, shownShape } from '../firewall/fingerprint-list.js';
import { editList, FirewallFileError, readList } from '../firewall/firewall-file.js';
import { loadPolicies } from '../policy/file/load-policies.js';
import { shapeOf } from '../sql/shape.js';
import { safeText } from '../telemetry/redact.js';
import { mustBeThere } from './must-be-there.js';
import { shownPath } from './shown-path.js';
import { wrongUse } from './wrong-use.js';

const nothingFoundExitCode = 1;

interface WhichOptions {
  readonly config: string;
  readonly file?: string;
  readonly tenant?: string;
  /** Empty: users without a role. */
  readonly role?: string;
}

interface ListOptions extends WhichOptions {
  readonly refused?: boolean;
  readonly json?: boolean;
}

interface ApproveOptions extends WhichOptions {
  readonly sql?: string;
}

interface DropOptions extends WhichOptions {
  readonly refused?: boolean;
}

const examples = `Examples:
  pgturnstile firewall list --refused
  pgturnstile firewall approve 0a42922fab0bd73f --role analyst
  pgturnstile firewall approve --tenant default --role analyst --sql "select * from orders where id = 1"
  pgturnstile firewall drop --refused`;

export function firewallCommand(): Command {
  const list = which(new Command('list').description('statements that are known, or were refused'))
    .option('--refused', 'those that were refused alone')
    .option('--json', 'as JSON')
    .action(async (options: ListOptions) => {
      const found = await listed(options);
      process.stdout.write(options.json === true ? `${JSON.stringify(found, null, 2)}\n` : formatFound(found));
    });
  const approve = which(new Command('approve').description('let statements run'))
    .argument('[fingerprints...]', 'as list shows them')
    .option('--sql <text>', 'a statement that never ran; needs --tenant and --role')
    .action(async (fingerprints: string[], options: ApproveOptions) => {
      tell('approved', await approved(fingerprints, options));
    });
  const drop = which(new Command('drop').description('forget statements: they are unknown again'))
    .argument('[fingerprints...]', 'as list shows them')
    .option('--refused', 'all that were refused')
    .action(async (fingerprints: string[], options: DropOptions) => {
      tell('dropped', await dropped(fingerprints, options));
    });
  return new Command('firewall')
    .description('look at what the firewall knows, approve and drop; a running daemon follows within seconds')
    .addHelpText('after', `\n${examples}`)
    .addCommand(list)
    .addCommand(approve)
    .addCommand(drop);
}

function which(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration, whose policies name the files', 'pgturnstile.yaml')
    .option('--file <file>', 'one file of fingerprints, without a configuration')
    .option('--tenant <name>', 'of this tenant alone')
    .option('--role <name>', 'of this role alone; "" for users without one')
    .addHelpText('after', `\n${examples}`);
}

function tell(what: string, count: number): void {
  process.stdout.write(`${what} ${count}\n`);
  if (count === 0) process.exitCode = nothingFoundExitCode;
}

interface FoundList {
  readonly file: string;
  readonly known: readonly Known[];
}

export async function listed(options: ListOptions): Promise<FoundList[]> {
  const { file } = options;
  // A policy's own isn't there until something is learnt.
  if (file !== undefined) mustBeThere(file);
  const found: FoundList[] = [];
  for (const each of await filesOf(options)) {
    const { known } = await usable(() => readList(each));
    found.push({
      file: each,
      known: known.filter((one) => isMeant(one, options) && (!options.refused || !one.isAllowed)),
    });
  }
  return found;
}

/** Gives how many can run now. */
export async function approved(fingerprints: readonly string[], options: ApproveOptions): Promise<number> {
  const isChosen = chosenBy(fingerprints, options);
  const added = options.sql === undefined ? null : await knownOf(options.sql, options);
  if (added === null && fingerprints.length === 0) throw wrongUse('name fingerprints, or a statement with --sql');
  return editFiles(options, (list) => {
    const known = list.map((one) => (isChosen(one) ? { ...one, isAllowed: true } : one));
    const others = added === null ? known : known.filter((one) => keyOf(one) !== keyOf(added));
    const all = added === null ? known : [...others, added];
    if (all.filter(({ isAllowed }) => isAllowed).length > fingerprintsMax) {
      throw wrongUse(`a file keeps ${fingerprintsMax} fingerprints at most; drop some first`);
    }
    return { known: all, count: list.filter(isChosen).length + Number(added !== null) };
  });
}

/** Gives how many are unknown now. */
export async function dropped(fingerprints: readonly string[], options: DropOptions): Promise<number> {
  if (fingerprints.length === 0 && options.refused !== true)
    throw wrongUse('name fingerprints, or --refused for all of those');
  const isNamed = chosenBy(fingerprints, options);
  const isDropped = (one: Known) =>
    isNamed(one) || (options.refused === true && !one.isAllowed && isMeant(one, options));
  return editFiles(options, (list) => {
    const known = list.filter((one) => !isDropped(one));
    return { known, count: list.length - known.length };
  });
}

function chosenBy(fingerprints: readonly string[], options: WhichOptions): (known: Known) => boolean {
  const named = new Set(fingerprints);
  return (known) => named.has(known.fingerprint) && isMeant(known, options);
}

function isMeant({ tenant, role }: Known, options: WhichOptions): boolean {
  return (
    (options.tenant === undefined || options.tenant === tenant) &&
    (options.role === undefined || options.role === (role ?? ''))
  );
}

async function editFiles(
  options: WhichOptions,
  edit: (known: readonly Known[]) => { known: readonly Known[]; count: number },
): Promise<number> {
  let total = 0;
  for (const file of await filesOf(options)) {
    await usable(() =>
      editList(file, (list): FingerprintList => {
        const { known, count } = edit(list.known);
        total += count;
        return count === 0 ? list : { ...list, known };
      }),
    );
  }
  return total;
}

async function filesOf({ file, config: configFile }: WhichOptions): Promise<readonly string[]> {
  if (file !== undefined) return [file];
  const config = await loadConfig(configFile, process.env);
  const files = new Set<string>();
  for (const { policies } of config.tenants.values()) {
    for (const policy of policies) for (const file of await listsOf(policy)) files.add(file);
  }
  if (files.size === 0) throw wrongUse(`no policy of ${configFile} has a firewall with a file; name one with --file`);
  return [...files];
}

/** The files in which a policy's firewall keeps what it has learnt. */
async function listsOf(policy: string): Promise<readonly string[]> {
  const text = await readFile(policy, 'utf8').catch(() => null);
  if (text === null) throw wrongUse(`the policy ${shownPath(policy)} could not be read`);
  return loadPolicies([{ file: shownPath(policy), text }]).files.flatMap(({ firewall }) =>
    firewall.file === null ? [] : [resolve(dirname(policy), firewall.file)],
  );
}

async function knownOf(sql: string, { tenant, role }: WhichOptions): Promise<Known> {
  if (tenant === undefined || role === undefined) throw wrongUse('--sql needs --tenant and --role: for whom it is');
  // Loads the parser, which the other ways have no use for.
  const { parseStatements } = await import('../sql/parser/parse-statements.js');
  const { fingerprintOf } = await import('../sql/fingerprint.js');
  const { result } = parseStatements(sql);
  if (!result.ok) throw wrongUse(result.message);
  const fingerprint = fingerprintOf(sql, result.statements);
  if (fingerprint === null) throw wrongUse('there is no statement in the text');
  const now = new Date().toISOString();
  const times = { count: 0, firstSeen: now, lastSeen: now };
  return {
    tenant,
    role: role === '' ? null : role,
    fingerprint,
    isAllowed: true,
    ...times,
    shape: shownShape(shapeOf(sql)),
  };
}

function formatFound(found: readonly FoundList[]): string {
  const blocks = found.map(({ file, known }) => {
    const lines = known.map(({ tenant, role, fingerprint, isAllowed, count, lastSeen, shape }) => {
      const who = `${tenant}/${role ?? '-'}`;
      const status = isAllowed ? 'allowed' : 'refused';
      // The shape is a client's text, and may not make a line of its own.
      return `${safeText(`${fingerprint}  ${status}  ${who}  ${count}  ${lastSeen.slice(0, 19)}Z  ${shape ?? '-'}`)}\n`;
    });
    const heading = found.length > 1 ? `${shownPath(file)}:\n` : '';
    return heading + lines.join('');
  });
  return blocks.join('\n');
}

async function usable<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof FirewallFileError) throw wrongUse(error.message);
    throw error;
  }
}
