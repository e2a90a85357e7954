import { decideBound } from '../../src/policy/decide-bound.js';
import { bindText } from '../../src/sql/bind/bind.js';
import type { CatalogIndex } from '../../src/sql/catalog/catalog-index.js';
import { rewrite, visibilityIn } from '../../src/sql/rewrite/rewrite.js';
import { applySplices, type Splice } from '../../src/sql/rewrite/splice.js';
import { parseAsMeant } from '../../src/sql/rewrite/verify.js';
import { type PolicedSession, parse } from './policed-session.js';

export type Rewritten =
  | { readonly ok: true; readonly text: string; readonly splices: readonly Splice[]; readonly addsRows: boolean }
  | { readonly ok: false; readonly sqlstate: string; readonly message: string };

const context = { tempSchema: null, user: 'ann' };

/** One statement all the way from its text to what would be sent: bound, decided, spliced, verified. */
export function rewritten(
  text: string,
  index: CatalogIndex,
  { restrictions, rights }: PolicedSession,
  searchPath: readonly string[] = ['public'],
): Rewritten {
  const [result] = bindText(text, parse(text), index, {
    ...context,
    searchPath,
    visibility: visibilityIn(restrictions),
  });
  if (result === undefined) throw new Error('no statement');
  if (!result.ok) return result;
  const { denial } = decideBound(result.bound, rights, index, restrictions);
  if (denial !== null) return { ok: false, sqlstate: '42501', message: denial.message };
  const found = rewrite(text, result.bound, index, restrictions);
  if (!found.ok) return found;
  const sent = applySplices(text, found.splices);
  if (parseAsMeant(text, found.splices, parse) === null)
    return { ok: false, sqlstate: 'XX000', message: `not as meant: ${sent}` };
  return { ok: true, text: sent, splices: found.splices, addsRows: found.addsRows };
}
