import type { ErrorFields } from '../../../protocol/messages/error-fields.js';
import { changeSetting, violationSetting } from '../../sql/rewrite/check-rows.js';
import { generalMessage, namesOfTheClient, reviewedMessage, usualHints } from './error-texts.js';

const withheld = 'What else the server says is withheld by a policy: it could quote protected values.';

/**
 * What a client may hear of an error in a statement that touches restricted relations: severity and SQLSTATE, and of the
 * rest what can't quote a value. What isn't known to be harmless is replaced by a text of the SQLSTATE's. Of tables the
 * names are told, of columns none.
 * @param fields with `position` in the client's text, and without it where it lies in what was put in there
 */
export function redactError(fields: ErrorFields): ErrorFields {
  if (fields.sqlstate === '42704' && fields.message.includes(violationSetting)) return policyViolation(fields);
  if (fields.sqlstate === '42704' && fields.message.includes(changeSetting)) return relationChanged(fields);
  const { position } = fields;
  const place = harmlessPlace(fields.where);
  const head = { ...severityOf(fields), ...(position === undefined ? {} : { position }), ...place };
  // Every procedural language says where it was; what such a one raises can hold anything, names and codes included.
  const isOutsideFunctions = fields.internalQuery === undefined && (fields.where === undefined || place !== null);
  if (isOutsideFunctions) {
    const { sqlstate, message, routine } = fields;
    const source = routine === undefined ? {} : { routine };
    // Only parse analysis knows positions: it has seen the client's text and no row.
    if (position !== undefined || namesOfTheClient.has(sqlstate)) {
      return { ...head, message, ...hintOf(fields), ...source };
    }
    const constraint = violatedConstraint(fields);
    if (constraint !== null) return { ...head, ...constraint, ...source };
  }
  const message = reviewedMessage(fields);
  if (message === null) return { ...head, message: generalMessage(fields.sqlstate), hint: withheld };
  // Drivers prepare again when they read of this one.
  const routine = fields.routine === 'RevalidateCachedQuery' ? { routine: fields.routine } : {};
  return { ...head, message, ...hintOf(fields), ...routine };
}

/** The same for a notice; null: the client hears nothing of it. */
export function redactNotice(fields: ErrorFields): ErrorFields | null {
  const { sqlstate, message } = fields;
  const isAboutTransactions = sqlstate === '25P01' || sqlstate === '25001';
  if (!isAboutTransactions || !/^there is (?:no|already a) transaction in progress$/.test(message)) return null;
  return { ...severityOf(fields), message };
}

function severityOf({ severity, severityNonLocalized, sqlstate }: ErrorFields) {
  return { severity, ...(severityNonLocalized !== undefined && { severityNonLocalized }), sqlstate };
}

function hintOf({ sqlstate, hint }: ErrorFields): { hint?: string } {
  return hint !== undefined && (usualHints[sqlstate] ?? []).includes(hint) ? { hint } : {};
}

/** What a check of the policy's raises instead of letting a row in, as row security would say it. */
function policyViolation(fields: ErrorFields): ErrorFields {
  return { ...severityOf({ ...fields, sqlstate: '42501' }), message: 'new row violates the policy of its table' };
}

/** What locks rows goes by where columns stand. Drivers and tools try again after this SQLSTATE. */
function relationChanged(fields: ErrorFields): ErrorFields {
  return {
    ...severityOf({ ...fields, sqlstate: '40001' }),
    message: 'could not lock rows: the definition of a relation has changed',
    hint: 'Try again.',
  };
}

/** The line of a COPY or the number of a parameter, without what stands there; null for any other place. */
function harmlessPlace(where: string | undefined): { readonly where: string } | null {
  const found =
    /^(COPY (?:[^\s,"]+|"[^"]*"), line \d+|(?:unnamed portal|portal "[^"]*") parameter \$\d+)(?=[,: ]|$)/.exec(
      where ?? '',
    );
  // PL/Tcl puts texts of its own first.
  return found?.[1] === undefined || where?.includes('\nin PL/') ? null : { where: found[1] };
}

/** The constraint's name, which the message repeats; the key and the row, which the detail quotes, are left out. */
function violatedConstraint(fields: ErrorFields): Omit<ErrorFields, 'severity' | 'sqlstate'> | null {
  const { sqlstate, schema, table, dataType, constraint } = fields;
  if (schema === undefined) return null;
  if (dataType !== undefined) {
    const message = domainMessage(sqlstate, dataType, constraint);
    return message === null ? null : { message, schema, dataType, ...(constraint !== undefined && { constraint }) };
  }
  if (table === undefined) return null;
  if (sqlstate === '23502') {
    return { message: `null value in a column of relation "${table}" violates not-null constraint`, schema, table };
  }
  if (constraint === undefined) return null;
  const message = constraintMessage(sqlstate, table, constraint);
  return message === null ? null : { message, schema, table, constraint };
}

function domainMessage(sqlstate: string, domain: string, constraint: string | undefined): string | null {
  if (sqlstate === '23502') return `domain ${domain} does not allow null values`;
  if (sqlstate !== '23514' || constraint === undefined) return null;
  return `value for domain ${domain} violates check constraint "${constraint}"`;
}

/** As PostgreSQL words them; of a foreign key it isn't known which side was written, the table is the referencing one. */
function constraintMessage(sqlstate: string, table: string, constraint: string): string | null {
  if (sqlstate === '23505') return `duplicate key value violates unique constraint "${constraint}"`;
  if (sqlstate === '23P01') return `conflicting key value violates exclusion constraint "${constraint}"`;
  if (sqlstate === '23514') return `new row for relation "${table}" violates check constraint "${constraint}"`;
  if (sqlstate !== '23503' && sqlstate !== '23001') return null;
  return `insert, update or delete violates foreign key constraint "${constraint}" on table "${table}"`;
}
