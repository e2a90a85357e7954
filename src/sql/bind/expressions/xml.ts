import { type Fields, listOf, nodeOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { onlyFields } from '../known-fields.js';
import type { Scope, Typed } from '../scope.js';
import { locationOf } from '../source-text.js';
import { oid } from './type-oids.js';
import { resolveType } from './type-reference.js';

type Handler = (binder: Binder, fields: Fields, scope: Scope) => Typed;

/** SQL/XML (PG 9.15). */
export const xmlHandlers: Readonly<Record<string, Handler>> = {
  XmlExpr: (binder, fields, scope) => {
    onlyFields('XmlExpr', fields, 'op name named_args arg_names args xmloption indent type typmod location');
    for (const item of listOf(fields.named_args)) {
      const node = nodeOf(item);
      binder.expression(node?.kind === 'ResTarget' ? node.fields.val : item, scope);
    }
    listOf(fields.args).forEach((item, at) => {
      const value = binder.expression(item, scope);
      binder.coerce(value, argumentType(textOf(fields.op), at, binder.typeOf(value)), scope);
    });
    binder.mayRaise(scope, locationOf(fields));
    return { type: textOf(fields.op) === 'IS_DOCUMENT' ? oid.bool : oid.xml, position: locationOf(fields) };
  },
  XmlSerialize: (binder, fields, scope) => {
    onlyFields('XmlSerialize', fields, 'xmloption expr typeName indent location');
    binder.coerce(binder.expression(fields.expr, scope), oid.xml, scope);
    binder.mayRaise(scope, locationOf(fields));
    return { type: resolveType(binder, fields.typeName), position: locationOf(fields) };
  },
};

/** transformXmlExpr. */
function argumentType(op: string, at: number, given: number): number {
  switch (op) {
    case 'IS_XMLCONCAT':
    case 'IS_DOCUMENT':
      return oid.xml;
    case 'IS_XMLPARSE':
      return at === 0 ? oid.text : oid.bool;
    case 'IS_XMLPI':
      return oid.text;
    case 'IS_XMLROOT':
      return [oid.xml, oid.text][at] ?? oid.int4;
    default:
      return given === oid.unknown ? oid.text : given;
  }
}
