import fc from 'fast-check';
import t from 'tap';
import { timestamp } from '../../src/audit/timestamp.js';

t.test('it is what Date writes, whatever came before', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: -3_000, max: 3_000 }), (epochMs, stepMs) => {
      const later = Math.max(0, epochMs + stepMs);
      return (
        timestamp(epochMs) === new Date(epochMs).toISOString() && timestamp(later) === new Date(later).toISOString()
      );
    }),
  );
});
