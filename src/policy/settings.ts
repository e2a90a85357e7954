import type { Principal } from './decide.js';

/** Why a policed client may not have this setting (start-up parameter, SET), or null if it may. The caller says 42501. */
export function settingRefusal(_name: string, _value: string | null, _searchPath: readonly string[]): string | null {
  throw new Error('not written yet');
}

/**
 * The search_path a policed session lives with, from what its start-up asked for (undefined: nothing). `value` is what
 * the upstream must be started with and RESET must come back to; `schemas` goes into Principal.searchPath.
 */
export function policedSearchPath(
  _asked: string | undefined,
): { readonly schemas: Principal['searchPath']; readonly value: string } | { readonly refusal: string } {
  throw new Error('not written yet');
}
