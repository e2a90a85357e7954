/** Of PostgreSQL, whose parser libpg-query is: fingerprints of another one mean nothing to it. */
export const parserMajor = 18;
