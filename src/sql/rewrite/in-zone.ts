import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../facts/tree.js';
import { OperatorSqlError } from './operator-sql-error.js';

// What hangs on a zone means the same in every session when all times in it are turned to one zone first: from there on
// they have none.

/** The zone as a name that no setting gives another meaning; null: it has none that is surely so. */
export function usableZone(timeZone: string): string | null {
  if (/^(UTC|GMT)$/i.test(timeZone)) return 'UTC';
  return /^[A-Z][A-Za-z_]*(\/[A-Za-z_-]+){1,2}$/.test(timeZone) ? timeZone : null;
}

const now = 'pg_catalog.now()';
const ofSyntax: Readonly<Record<string, { readonly written: RegExp; readonly type: string }>> = {
  SVFOP_CURRENT_DATE: { written: /current_date/iy, type: '::pg_catalog.date' },
  SVFOP_CURRENT_TIMESTAMP: { written: /current_timestamp/iy, type: '' },
  SVFOP_LOCALTIMESTAMP: { written: /localtimestamp/iy, type: '' },
  SVFOP_LOCALTIME: { written: /localtime/iy, type: '::pg_catalog.time' },
};
const clocks = /^(now|(?:transaction|statement|clock)_timestamp)$/;

/** What tells the time, in a zone: how it is written, and what takes its place; null: it tells no time. */
export function momentIn(zone: string, kind: string, fields: Fields): { written: RegExp; text: string } | null {
  const inZone = (moment: string, type = '') => `(${`(${moment} AT TIME ZONE '${zone}')${type}`})`;
  if (kind === 'SQLValueFunction') {
    const found = ofSyntax[textOf(fields.op)];
    return found === undefined ? null : { written: found.written, text: inZone(now, found.type) };
  }
  const names = namesOf(fields.funcname);
  const name = names.at(-1) ?? '';
  if (names.length > 1 && names[0] !== 'pg_catalog') return null;
  if (kind !== 'FuncCall' || !clocks.test(name) || listOf(fields.args).length > 0) return null;
  return { written: /[\w.\s]*?\(\s*\)/y, text: inZone(`pg_catalog.${name}()`) };
}

/** @throws OperatorSqlError for what would mean something else of a time that has been turned to a zone */
export function refuseOtherZones({ funcname, args }: Fields): void {
  const name = namesOf(funcname).at(-1) ?? '';
  const field = textOf(structOf(nodeOf(listOf(args)[0])?.fields.sval)?.sval);
  const isOfMoment = /^(extract|date_part)$/.test(name) && !/^(?!epoch|timezone)[a-z]+$/i.test(field);
  if (name === 'timezone' || isOfMoment) throw new OperatorSqlError(`has ${name} beside what a zone tells`, 'TimeZone');
}
