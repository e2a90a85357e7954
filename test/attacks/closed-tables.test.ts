import t from 'tap';
import { attack, noticedWithoutPolicy } from './attacking.js';
import { onClosedTables } from './attempts/closed-tables.js';

t.test('nothing that is protected is shown, changed or told apart', async (t) => {
  const attempts = Object.values(onClosedTables).flat().length;
  const answered = await attack(t, onClosedTables);
  t.comment(`${attempts} attempts, ${answered} of them answered in a way`);
  t.ok(attempts > 150);
});

t.test('without a policy the oracles see', async (t) => {
  const { tried, noticed } = await noticedWithoutPolicy(t, onClosedTables);
  t.comment(`${noticed} of ${tried} show a canary or change something`);
  t.ok(noticed > tried * 0.9);
});
