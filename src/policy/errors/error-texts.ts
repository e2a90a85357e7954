import type { ErrorFields } from '../../../protocol/messages/error-fields.js';

const types = `smallint|integer|bigint|oid|numeric|real|double precision|money|boolean|bytea|"char"|uuid|date|time|
  time with time zone|timestamp|timestamp with time zone|interval|inet|cidr|macaddr|macaddr8|json|jsonb|jsonpath|xml|
  bit|bit varying|point|line|lseg|box|path|polygon|circle|tid|xid|xid8|pg_lsn|pg_snapshot|tsquery|tsvector`.replace(
  /\s*\n\s*/g,
  '',
);

/**
 * Beginnings of PostgreSQL's messages that hold nothing but themselves and names of its own types, whoever raises them:
 * what follows, a value mostly, is cut off.
 */
const reviewed: Readonly<Record<string, RegExp>> = {
  '0A000': /cached plan must not change result type$|cannot truncate a table referenced in a foreign key constraint$/,
  21000:
    /more than one row returned by a subquery used as an expression$|(?:ON CONFLICT DO UPDATE|MERGE) command cannot affect row a second time$/,
  22001: /value too long for type character(?: varying)?|bit string too long for type/,
  22003:
    /(?:smallint|integer|bigint|oid|money) out of range$|numeric field overflow$|value out of range: (?:overflow|underflow)$|value overflows numeric format$/,
  22004: /null value cannot be assigned to variable|null array element not allowed/,
  22007: new RegExp(`invalid input syntax for type (?:${types})(?=: ")`),
  22008: /(?:date|time|timestamp|interval) out of range(?=$|:)|date\/time field value out of range/,
  22011: /negative substring length not allowed$/,
  22012: /division by zero$/,
  '2201B': /invalid regular expression/,
  '2201E': /cannot take logarithm of (?:zero|a negative number)$/,
  '2201F': /cannot take square root of a negative number$|zero raised to a negative power is undefined$/,
  '2201W': /LIMIT must not be negative$/,
  '2201X': /OFFSET must not be negative$/,
  22021: /invalid byte sequence for encoding "[A-Z0-9_]+"(?=: 0x)/,
  22025: /LIKE pattern must not end with escape character$/,
  22026: /bit string length/,
  '2202E': /wrong number of array subscripts$|array subscript out of range$/,
  '22P02': new RegExp(
    `invalid input syntax for type (?:${types})(?=$|: ")|invalid input value for enum|malformed (?:array|record|range|multirange) literal`,
  ),
  '22P03': /incorrect binary data format in bind parameter \d+$/,
  '22P04':
    /(?:extra data after last expected column|unquoted (?:newline|carriage return) found in data|missing data for column)/,
  25001:
    /[A-Z ]{1,40} must (?:not be called in a subtransaction|be called before any query)$|transaction read-write mode must be set before any query$|[A-Z ]{1,40} cannot (?:run inside a transaction block|be executed within a pipeline)$/,
  '25P01': /[A-Z ]{1,40} can only be used in transaction blocks$/,
  25006: /cannot execute [A-Z ]{1,40} in a read-only transaction$/,
  '25P02': /current transaction is aborted, commands ignored until end of transaction block$/,
  '25P03': /terminating connection due to idle-in-transaction timeout$/,
  '25P04': /terminating connection due to transaction timeout$/,
  '2BP01': /cannot drop (?:.+) because other objects depend on (?:it|them)$/s,
  '2D000': /invalid transaction termination$/,
  40001:
    /could not serialize access due to (?:concurrent (?:update|delete)|read\/write dependencies among transactions)$/,
  '40P01': /deadlock detected$/,
  42501:
    /permission denied for (?:table|view|materialized view|foreign table|sequence|schema|function|procedure|type|column)|new row violates row-level security policy/,
  42601: /wrong number of parameters for prepared statement(?= ")/,
  '42P18': /could not determine data type of parameter \$\d+$/,
  44000: /new row violates check option for view/,
  53100: /could not (?:extend|write) file/,
  53200: /out of (?:shared )?memory$/,
  54001: /stack depth limit exceeded$/,
  55000: /cannot (?:insert into|update|delete from) view|cursor can only scan forward$/,
  '55P03': /could not obtain lock on (?:row in relation|relation)|canceling statement due to lock timeout$/,
  57014: /canceling statement due to (?:statement timeout|user request|lock timeout)$/,
  '57P01': /terminating connection due to (?:administrator command|unexpected postmaster exit)$/,
  '57P02': /terminating connection (?:because of crash of another server process|due to immediate shutdown command)$/,
  '57P05': /terminating connection due to idle-session timeout$/,
};

const anchored = new Map(
  Object.entries(reviewed).map(([sqlstate, { source }]) => [sqlstate, new RegExp(`^(?:${source})`)]),
);

/** As much of a message as can't hold a value; null where that isn't known, as in other languages than English. */
export function reviewedMessage({ sqlstate, message }: ErrorFields): string | null {
  return anchored.get(sqlstate)?.exec(message)?.[0] ?? null;
}

/**
 * What is about names that the client gave itself, in the protocol or as the name of a cursor, and no value: these have no
 * position. Asked only of what is raised outside of functions.
 */
export const namesOfTheClient: ReadonlySet<string> = new Set([
  '08P01', // protocol violations: numbers of parameters and formats
  '24000', // a cursor that stands nowhere
  '26000', // no such prepared statement
  '34000', // no such cursor
  '3B001', // no such savepoint
  '428C9', // a column that is always generated
  '42P03', // a cursor that there is already
  '42P05', // a prepared statement that there is already
]);

/** Hints that say what to do and name nothing. */
export const usualHints: Readonly<Record<string, readonly string[]>> = {
  21000: [
    'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
    'Ensure that not more than one source row matches any one target row.',
  ],
  '2BP01': ['Use DROP ... CASCADE to drop the dependent objects too.'],
  40001: ['The transaction might succeed if retried.'],
  55000: ['Declare it with SCROLL option to enable backward scan.'],
  '428C9': ['Use OVERRIDING SYSTEM VALUE to override.'],
  42725: ['Could not choose a best candidate function. You might need to add explicit type casts.'],
  42804: ['You will need to rewrite or cast the expression.'],
  42883: [
    'No function matches the given name and argument types. You might need to add explicit type casts.',
    'No operator matches the given name and argument types. You might need to add explicit type casts.',
  ],
};

/** What is said in place of a message, by SQLSTATE or by its first two characters (PostgreSQL, appendix A). */
const general: Readonly<Record<string, string>> = {
  '08': 'connection exception',
  '0A': 'feature not supported',
  21: 'wrong number of rows',
  22: 'invalid value',
  22001: 'value too long',
  22003: 'numeric value out of range',
  22004: 'null value not allowed',
  22007: 'invalid date or time',
  22008: 'date or time out of range',
  22021: 'invalid byte sequence',
  22023: 'invalid parameter value',
  '22P02': 'invalid input syntax',
  '22P04': 'invalid COPY data',
  '22P05': 'character with no equivalent in the other encoding',
  23: 'integrity constraint violation',
  23502: 'null value violates a not-null constraint',
  23503: 'a foreign key constraint is violated',
  23505: 'duplicate key value violates a unique constraint',
  23514: 'a check constraint is violated',
  '23P01': 'an exclusion constraint is violated',
  24: 'invalid cursor state',
  25: 'invalid transaction state',
  38: 'error in an external routine',
  39: 'error in calling an external routine',
  40: 'transaction rolled back',
  42: 'syntax error or access rule violation',
  42501: 'permission denied',
  42703: 'column does not exist',
  42704: 'object does not exist',
  42883: 'function or operator does not exist',
  '42P01': 'relation does not exist',
  53: 'insufficient resources',
  54: 'program limit exceeded',
  55: 'object not in prerequisite state',
  57: 'operator intervention',
  58: 'system error of the server',
  P0: 'error raised in a function',
  P0004: 'assertion failed',
  XX: 'internal error of the server',
};

export function generalMessage(sqlstate: string): string {
  return general[sqlstate] ?? general[sqlstate.slice(0, 2)] ?? 'error of the server';
}
