import t from 'tap';
import { suggest } from '../../src/config/suggest.js';

const known = ['mode', 'size', 'min', 'reserve', 'reserveAfterMs', 'acquireTimeoutMs', 'idleTimeoutMs'];

t.test('a slip of the finger finds the name that was meant', async (t) => {
  const slips = {
    sizee: 'size',
    siez: 'size',
    sze: 'size',
    MODE: 'mode',
    idletimeoutms: 'idleTimeoutMs',
    idle_timeout_ms: 'idleTimeoutMs',
    aquireTimeoutMs: 'acquireTimeoutMs',
    reservAfterMs: 'reserveAfterMs',
  };
  for (const [given, meant] of Object.entries(slips)) t.equal(suggest(given, known), meant, given);
});

t.test('what is near to nothing finds nothing', async (t) => {
  for (const given of ['x', 'password', '', 'timeout', 'x'.repeat(100_000)]) t.equal(suggest(given, known), null);
  t.equal(suggest('size', []), null);
});
