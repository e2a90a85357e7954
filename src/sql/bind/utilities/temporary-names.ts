import { isTemporary } from '../../facts/queries.js';
import { type Fields, namesOf, nodeOf, structOf, textOf } from '../../facts/tree.js';

/** By the key of a node: the field with the relation that it makes. */
const makingFields: Readonly<Record<string, string>> = {
  CreateStmt: 'relation',
  CreateSeqStmt: 'sequence',
  ViewStmt: 'view',
  into: 'rel',
  intoClause: 'rel',
};

const renamed: ReadonlySet<unknown> = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_SEQUENCE']);

/** What temporary relations will be called that a statement makes, by itself or in what it explains, or renames. */
export function temporaryNamesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [...ofNode(key, item), ...temporaryNamesIn(item)]);
}

function ofNode(key: string, item: unknown): readonly string[] {
  const fields = structOf(item) ?? {};
  if (key === 'RenameStmt') {
    const isOwn = renamed.has(fields.renameType) && isTemporary(fields.relation);
    return isOwn ? [textOf(fields.newname)] : [];
  }
  const made = structOf(fields[makingFields[key] ?? (key === 'AlterTableStmt' ? 'relation' : '')]);
  if (!isTemporary(made)) return [];
  const sequences = sequencesIn(fields);
  return key === 'AlterTableStmt' ? sequences : [textOf(made?.relname), ...sequences];
}

/** GENERATED AS IDENTITY (SEQUENCE NAME s). */
function sequencesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { defname, arg } = value as Fields;
  if (defname === 'sequence_name') return namesOf(nodeOf(arg)?.fields.items).slice(-1);
  return Object.values(value).flatMap(sequencesIn);
}
