import t from 'tap';
import { occasionally } from '../../src/telemetry/occasionally.js';

t.test('the first of many is said, then one an interval with how many were not', async (t) => {
  let now = 0;
  const said: string[] = [];
  const say = occasionally<string>(
    10_000,
    (event, passedOver) => said.push(`${event} ${passedOver}`),
    () => now,
  );
  for (now = 0; now < 25_000; now += 1_000) say(`at ${now}`);
  t.same(said, ['at 0 0', 'at 10000 9', 'at 20000 9']);
});
