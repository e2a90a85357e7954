import { listOf, namesOf, nodeOf, structOf, textOf } from '../../facts/tree.js';

/** FigureColname: what a column is called that has no AS. `strength` 0: nothing to go by, 1: weak, 2: a name. */
export interface FoundName {
  readonly name: string;
  readonly strength: 0 | 1 | 2;
}

const unnamed: FoundName = { name: '?column?', strength: 0 };

const fixedNames: Readonly<Record<string, string>> = {
  A_ArrayExpr: 'array',
  CoalesceExpr: 'coalesce',
  GroupingFunc: 'grouping',
  JsonArrayAgg: 'json_arrayagg',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonObjectConstructor: 'json_object',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  MergeSupportFunc: 'merge_action',
  RowExpr: 'row',
  XmlSerialize: 'xmlserialize',
};

const xmlNames: Readonly<Record<string, string>> = {
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  IS_XMLSERIALIZE: 'xmlserialize',
};

const jsonNames: Readonly<Record<string, string>> = {
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_query',
  JSON_VALUE_OP: 'json_value',
};

export function columnName(value: unknown): FoundName {
  const node = nodeOf(value);
  if (node === null) return unnamed;
  const { kind, fields } = node;
  const fixed = fixedNames[kind];
  if (fixed !== undefined) return { name: fixed, strength: 2 };
  switch (kind) {
    case 'ColumnRef':
      return named(namesOf(listOf(fields.fields).filter((item) => nodeOf(item)?.kind === 'String')).at(-1));
    case 'A_Indirection': {
      const last = listOf(fields.indirection).findLast((item) => nodeOf(item)?.kind === 'String');
      return last === undefined ? columnName(fields.arg) : named(namesOf([last])[0]);
    }
    case 'FuncCall':
      return named(namesOf(fields.funcname).at(-1));
    case 'A_Expr':
      return fields.kind === 'AEXPR_NULLIF' ? named('nullif') : unnamed;
    case 'TypeCast': {
      const inner = columnName(fields.arg);
      const type = namesOf(structOf(fields.typeName)?.names).at(-1);
      return inner.strength === 2 || type === undefined ? inner : { name: type, strength: 1 };
    }
    case 'CollateClause':
      return columnName(fields.arg);
    case 'MinMaxExpr':
      return named(fields.op === 'IS_LEAST' ? 'least' : 'greatest');
    case 'SQLValueFunction':
      return named(textOf(fields.op).replace('SVFOP_', '').replace(/_N$/, '').toLowerCase());
    case 'SubLink':
      return ofSubLink(textOf(fields.subLinkType), fields.subselect);
    case 'CaseExpr': {
      const otherwise = columnName(fields.defresult);
      return otherwise.strength === 2 ? otherwise : { name: 'case', strength: 1 };
    }
    case 'XmlExpr':
      return named(xmlNames[textOf(fields.op)]);
    case 'JsonFuncExpr':
      return named(jsonNames[textOf(fields.op)]);
    default:
      return unnamed;
  }
}

function named(name: string | undefined): FoundName {
  return name === undefined ? unnamed : { name, strength: 2 };
}

function ofSubLink(type: string, subselect: unknown): FoundName {
  if (type === 'EXISTS_SUBLINK') return named('exists');
  if (type === 'ARRAY_SUBLINK') return named('array');
  if (type !== 'EXPR_SUBLINK') return unnamed;
  const select = nodeOf(subselect);
  let fields = select?.fields ?? null;
  while (fields !== null && structOf(fields.larg) !== null) fields = structOf(fields.larg);
  if (listOf(fields?.valuesLists).length > 0) return { name: 'column1', strength: 2 };
  const target = nodeOf(listOf(fields?.targetList)[0]);
  if (target?.kind !== 'ResTarget') return unnamed;
  const name = textOf(target.fields.name);
  return name === '' ? columnName(target.fields.val) : named(name);
}
