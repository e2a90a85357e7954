import { columnNameWords, reservedWords, typeOrFunctionNameWords } from '../keywords.js';
import { quoteIdentifier, quoteLiteral } from '../quote.js';
import type { SettingUse } from '../statement-facts.js';
import { type Fields, listOf, literalOf, nodeOf, textOf } from './tree.js';
import type { Walk } from './walk.js';

/** Lists whose items SET quotes where needed (GUC_LIST_QUOTE). */
const quotedLists = new Set([
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'shared_preload_libraries',
]);

const identity = new Set(['role', 'session_authorization']);

/** Whether a setting, in lower case, says who the session is. */
export function isIdentity(name: string): boolean {
  return identity.has(name);
}

/** SET and RESET in all their forms. */
export function variableSet(walk: Walk, fields: Fields): void {
  const name = textOf(fields.name).toLowerCase();
  walk.hangsOnLiterals = true;
  switch (fields.kind) {
    case 'VAR_SET_VALUE':
      setOne(walk, name, textOfValues(name, listOf(fields.args)));
      return;
    // DEFAULT and RESET go back to what the session started with, FROM CURRENT keeps what it has.
    case 'VAR_SET_DEFAULT':
    case 'VAR_RESET':
    case 'VAR_SET_CURRENT':
      walk.kinds.add('set');
      walk.set({ name, value: null, isKnown: true });
      return;
    case 'VAR_RESET_ALL':
      walk.kinds.add('set');
      walk.set({ name: '*', value: null, isKnown: true });
      return;
    case 'VAR_SET_MULTI':
      setMany(walk, name, listOf(fields.args));
      return;
    default:
      walk.unknown ??= `VariableSetStmt ${textOf(fields.kind)}`;
  }
}

/** SET ROLE NONE is how a pool takes a role back, and no role of its own. */
function setOne(walk: Walk, name: string, setting: Omit<SettingUse, 'name'>): void {
  const isBack = name === 'role' && setting.value === 'none';
  walk.kinds.add(isIdentity(name) && !isBack ? 'set-role' : 'set');
  walk.set({ name, ...(isBack ? { value: null, isKnown: true } : setting) });
}

/** SET TRANSACTION and SET SESSION CHARACTERISTICS. */
function setMany(walk: Walk, name: string, items: readonly unknown[]): void {
  if (name === 'transaction' || name === 'transaction snapshot') {
    walk.kinds.add('transaction');
    return;
  }
  if (name !== 'session characteristics') walk.unknown ??= `SET ${name}`;
  walk.kinds.add('set');
  for (const item of items) {
    const option = textOf(nodeOf(item)?.fields.defname);
    walk.set({ name: `default_${option}`, value: literalOf(nodeOf(item)?.fields.arg) ?? null, isKnown: true });
  }
}

/** The items as the one text that set_config would take (flatten_set_variable_args in guc_funcs.c). */
function textOfValues(name: string, items: readonly unknown[]): Omit<SettingUse, 'name'> {
  const values = items.map((item) => (nodeOf(item)?.kind === 'A_Const' ? literalOf(item) : intervalOf(item)));
  if (values.some((value) => typeof value !== 'string')) return { value: null, isKnown: false };
  const texts = values as string[];
  return { value: texts.map((text) => (quotedLists.has(name) ? quoteName(text) : text)).join(', '), isKnown: true };
}

/** SET TIME ZONE INTERVAL '+01:00' HOUR TO MINUTE, the only value that the grammar has a type for. */
function intervalOf(item: unknown): string | undefined {
  const text = nodeOf(item)?.kind === 'TypeCast' ? literalOf(nodeOf(item)?.fields.arg) : undefined;
  return typeof text === 'string' ? `INTERVAL ${quoteLiteral(text)}` : undefined;
}

/** quote_identifier in ruleutils.c. */
function quoteName(name: string): string {
  const isKeyword = reservedWords.has(name) || columnNameWords.has(name) || typeOrFunctionNameWords.has(name);
  return /^[a-z_][a-z0-9_]*$/.test(name) && !isKeyword ? name : quoteIdentifier(name);
}
