import { volatileFunctions } from '../builtin-functions.js';
import type { CatalogFunction } from '../catalog/catalog.js';
import { isHarmless, namesMatching } from '../harmless-functions.js';
import { isBuiltin } from '../leak-free-functions.js';
import type { Reviewed } from '../reviewed-functions.js';

/** Harmless to call, and yet what they give or do hangs on which session it is. */
export const ownSession: readonly Reviewed[] = [
  { names: 'pg_backend_pid inet_client_addr inet_client_port', why: 'tells about the connection that it runs on' },
  { names: 'pg_conf_load_time', why: 'each session reads the configuration at a moment of its own' },
  {
    names: 'pg_my_temp_schema pg_is_other_temp_schema current_schemas',
    why: 'tells whether the session has had temporary tables',
  },
  {
    names: `txid_current txid_current_if_assigned txid_current_snapshot pg_current_xact_id
      pg_current_xact_id_if_assigned pg_current_snapshot`,
    why: 'tells about the own transaction, or gives it a number',
  },
  {
    names: 'random random_normal array_sample array_shuffle bernoulli system',
    why: 'follows what setseed gave to the session',
  },
  {
    names: 'statement_timestamp',
    why: 'is now() in a Query, and later than that where it is sent as Bind and Execute',
  },
  { names: 'uuidv7', why: 'grows from call to call within a session' },
];

/** Of the volatile ones, those that any session can answer: they hang on the clock, on chance or on what the server is. */
export const sharedVolatile: readonly Reviewed[] = [
  { names: 'clock_timestamp timeofday', why: 'the clock' },
  { names: 'gen_random_uuid uuidv4', why: 'chance that setseed has no say in' },
  {
    names: 'pg_is_in_recovery pg_jit_available pg_collation_actual_version pg_database_collation_actual_version',
    why: 'the server',
  },
  { names: 'pg_partition_ancestors pg_partition_tree', why: 'the catalog, as it is at the moment' },
];

/** What reads a value of a type that is only told when it runs: one that may hold a domain, whose checks are made. */
const readsAnyType: Reviewed = {
  names: `domain_in domain_recv record_in record_recv array_in array_recv range_in range_recv multirange_in
    multirange_recv json_populate_* jsonb_populate_* json_to_record* jsonb_to_record* pg_input_is_valid pg_input_error_info`,
  why: 'may come upon a domain whose checks call what is not known to be safe',
};

const excluded = namesMatching(ownSession);
const volatileToo = namesMatching(sharedVolatile);
const anyType = namesMatching([readsAnyType]);

/**
 * Languages whose functions a user marks IMMUTABLE knowingly enough to be believed: they compute from their arguments,
 * and writing fails with 25006. Others keep interpreters with memory of their own.
 */
const believedLanguages = new Set(['sql', 'plpgsql', 'c', 'internal']);

/** Why a function must not run on a shared lane; null for one that may. `hasUnsafeDomains`: the database has some. */
export function whyNotShared(called: CatalogFunction, hasUnsafeDomains: boolean): string | null {
  const { schema, name, volatility, language } = called;
  if (!isBuiltin(called)) {
    if (called.kind === 'a') return `the aggregate ${schema}.${name} calls functions that are not known`;
    if (volatility !== 'i') return `the function ${schema}.${name} is not declared immutable`;
    return believedLanguages.has(language) ? null : `the function ${schema}.${name} is written in ${language}`;
  }
  if (schema === 'information_schema') return volatility === 'v' ? `${name} is volatile` : null;
  if (excluded.has(name)) return `${name}: ${ownSession.find((group) => namesMatching([group]).has(name))?.why}`;
  if (!isHarmless(name)) return `${name} is not known to leave the session and the database alone`;
  if ((volatility === 'v' || volatileFunctions.has(name)) && !volatileToo.has(name)) return `${name} is volatile`;
  return hasUnsafeDomains && anyType.has(name) ? `${name} ${readsAnyType.why}` : null;
}
