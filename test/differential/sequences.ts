import type { Sequence } from './sequence.js';
import { behindErrors } from './sequences/behind-errors.js';
import { copy } from './sequences/copy.js';
import { endings } from './sequences/endings.js';
import { extendedQuery } from './sequences/extended-query.js';
import { names } from './sequences/names.js';
import { others } from './sequences/others.js';
import { simple } from './sequences/simple-query.js';

/**
 * Conversations out of the protocol chapter (PG 55.2): every message, every phase, every error, and odd orders of them.
 * They run on a database with a table `item(id int primary key, name text)` that holds (1, 'one'), (2, 'two'),
 * (3, 'three').
 */
export const sequences: readonly Sequence[] = [
  ...simple,
  ...extendedQuery,
  ...names,
  ...copy,
  ...behindErrors,
  ...others,
  ...endings,
];
