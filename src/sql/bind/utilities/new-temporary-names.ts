import { isTemporary } from '../../facts/queries.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../../facts/tree.js';

/** By the key of a node: the field with the relation that it makes. */
const makingFields: Readonly<Record<string, string>> = {
  CreateStmt: 'relation',
  CreateSeqStmt: 'sequence',
  ViewStmt: 'view',
  into: 'rel',
  intoClause: 'rel',
};

const renamed: ReadonlySet<unknown> = new Set([
  ...['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_SEQUENCE'],
  // It may have an index of its name.
  'OBJECT_TABCONSTRAINT',
]);

/** What changes, or adds to, a temporary table. */
const changing: ReadonlySet<string> = new Set(['AlterTableStmt', 'IndexStmt']);
const indexed: ReadonlySet<unknown> = new Set(['CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_EXCLUSION']);

/** What temporary relations will be called that a statement makes, by itself or in what it explains, or renames. */
export function newTemporaryNames(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [...ofNode(key, item), ...newTemporaryNames(item)]);
}

function ofNode(key: string, item: unknown): readonly string[] {
  const fields = structOf(item) ?? {};
  if (key === 'RenameStmt') {
    const isOwn = renamed.has(fields.renameType) && isTemporary(fields.relation);
    return isOwn ? [textOf(fields.newname)] : [];
  }
  const made = structOf(fields[makingFields[key] ?? (changing.has(key) ? 'relation' : '')]);
  if (!isTemporary(made)) return [];
  const relname = textOf(made?.relname);
  const within = [...namesWithin(fields), ...countersOf(relname, fields)];
  return changing.has(key) ? within : [relname, ...within];
}

/** GENERATED AS IDENTITY (SEQUENCE NAME s), and indexes, by themselves or of constraints. */
function namesWithin(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { defname, arg, contype, conname, idxname, ...others } = value as Fields;
  if (defname === 'sequence_name') return namesOf(nodeOf(arg)?.fields.items).slice(-1);
  const named = indexed.has(contype) ? textOf(conname) : textOf(idxname);
  return [...(named === '' ? [] : [named]), ...Object.values(others).flatMap(namesWithin)];
}

/** Sequences of columns go by the names of both, where nothing else is said. */
function countersOf(relname: string, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { colname, typeName, constraints } = value as Fields;
  if (colname === undefined) return Object.values(value).flatMap((each) => countersOf(relname, each));
  const isSerial = /^(?:small|big)?serial[248]?$/.test(namesOf(structOf(typeName)?.names).at(-1) ?? '');
  const isIdentity = listOf(constraints).some((each) => nodeOf(each)?.fields.contype === 'CONSTR_IDENTITY');
  return isSerial || isIdentity ? [`${relname}_${textOf(colname)}_seq`] : [];
}
