/** Parts of the format that hang on an engine beside this room. */
export type Feature = 'masks' | 'rows' | 'check' | 'columns' | 'catalog-filtered' | 'catalog-hidden' | 'limits';

/**
 * What the daemon reads but doesn't enforce yet. A policy that uses it is refused when it is loaded: a rule that looks as
 * if it protected something and doesn't is worse than none. A feature leaves this list when its enforcement lands.
 */
export const notEnforcedYet: ReadonlySet<Feature> = new Set<Feature>(['limits']);

export const notEnforced = 'is not enforced by this version; leave it out, since it would protect nothing';
