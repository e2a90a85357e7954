import { pgturnstile } from '../contenders/pgturnstile.js';
import { pgbenchRow } from './pgbench.js';
import type { Row } from './row.js';

/** What a row filter and a mask cost: beside a pgturnstile that has no policy at all. */
export const policyRows: readonly Row[] = (['simple', 'prepared'] as const).map((mode) => ({
  ...pgbenchRow(`row filter and mask, 8 clients, ${mode}`, { clients: 8, mode, builtin: 'select-only' }, [
    { of: 'no policy', ratio: 0.95, stretch: 0.98 },
  ]),
  contenders: [pgturnstile({ policy: null, name: 'no policy' }), pgturnstile({ policy: 'filtered' })],
}));
