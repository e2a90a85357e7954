import { Names } from '../sql/bind/names.js';
import { SourceText } from '../sql/bind/source-text.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../sql/facts/tree.js';
import type { ParsedText } from '../sql/rewrite/parse.js';
import type { Question } from './question.js';

/** The field with the relation that a definition is about. */
const definedField: Readonly<Record<string, string>> = {
  AlterSeqStmt: 'sequence',
  AlterTableStmt: 'relation',
  IndexStmt: 'relation',
  RenameStmt: 'relation',
};

/** DROP of these may be of something temporary. */
const droppable: ReadonlySet<string> = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_SEQUENCE']);

/**
 * Where a text defines or drops a temporary relation by its bare name, in UTF-8 bytes. DROP ... IF EXISTS of what isn't
 * there is about a temporary one, too: it drops nothing, and comes before each CREATE TEMP TABLE of a tool.
 */
export function placesOfTemporaryNames(
  { text, who, upstreamUser, temporary }: Question,
  tree: ParsedText,
  index: CatalogIndex,
): readonly number[] {
  const names = new Names(index, { searchPath: who.searchPath, user: upstreamUser, temporary });
  const isOwn = (name: string, mayBeMissing: boolean) => {
    const found = names.relation(null, name);
    return found === null ? mayBeMissing : found.kind !== 'i' && found.persistence === 't';
  };
  const source = new SourceText(text);
  return (tree.stmts ?? []).flatMap(({ stmt, stmt_location: start = 0 }) => {
    const { kind = '', fields = {} } = nodeOf(stmt) ?? {};
    if (kind === 'DropStmt') return droppedNames(source, source.firstFrom(start), fields, isOwn);
    const relation = structOf(fields[definedField[kind] ?? '']);
    if (relation === null || textOf(relation.schemaname) !== '') return [];
    return isOwn(textOf(relation.relname), false) ? [Number(relation.location ?? 0)] : [];
  });
}

/** DROP gives its names without their places: they are behind its first words, with commas between. */
function droppedNames(
  source: SourceText,
  first: number,
  fields: Fields,
  isOwn: (name: string, mayBeMissing: boolean) => boolean,
): readonly number[] {
  if (!droppable.has(textOf(fields.removeType))) return [];
  const mayBeMissing = fields.missing_ok === true;
  // DROP TABLE, perhaps IF EXISTS.
  let at = first + (mayBeMissing ? 4 : 2);
  return listOf(fields.objects).flatMap((item) => {
    const parts = namesOf(nodeOf(item)?.fields.items);
    const place = source.start(at);
    at = source.nameEnd(at, parts.length) + 2;
    return parts.length === 1 && isOwn(parts[0] as string, mayBeMissing) ? [place] : [];
  });
}
