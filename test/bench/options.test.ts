import t from 'tap';
import { readOptions, readProfileOptions } from '../../bench/options.js';

t.test('what the bench is asked for', async (t) => {
  const all = { isQuick: false, isCurve: false, only: [], report: null, isPoliced: true };
  t.same(readOptions([]), all);
  t.same(readOptions(['--only', 'COPY', '--only', '8 clients', '--without-policy']), {
    ...all,
    only: ['COPY', '8 clients'],
    isPoliced: false,
  });
  t.equal(readOptions(['--help']), null);
  t.throws(() => readOptions(['--curve', '--only', 'COPY']), TypeError);
  t.throws(() => readOptions(['--fast']), TypeError);
});

t.test('what the profile is asked for', async (t) => {
  t.same(readProfileOptions([]), { row: '64 clients, prepared', seconds: 4, isPoliced: true });
  t.same(readProfileOptions(['COPY', '--seconds', '1.5', '--without-policy']), {
    row: 'COPY',
    seconds: 1.5,
    isPoliced: false,
  });
  t.equal(readProfileOptions(['-h']), null);
  for (const wrong of [['--seconds', 'x'], ['--seconds', '0'], ['8', 'clients'], ['--fast']]) {
    t.throws(() => readProfileOptions(wrong), TypeError, wrong.join(' '));
  }
});
