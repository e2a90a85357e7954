import t from 'tap';
import { attack, noticedWithoutPolicy } from './attacking.js';
import { onRestrictedTable } from './attempts/restricted-table.js';

t.test('nothing that is protected is shown, changed or told apart', async (t) => {
  const attempts = Object.values(onRestrictedTable).flat().length;
  const answered = await attack(t, onRestrictedTable);
  t.comment(`${attempts} attempts, ${answered} of them answered in a way`);
  t.ok(attempts > 150);
  t.ok(answered > attempts * 0.15, 'what is allowed is answered: the policy is no wall');
});

t.test('without a policy the oracles see', async (t) => {
  const { tried, noticed } = await noticedWithoutPolicy(t, onRestrictedTable);
  t.comment(`${noticed} of ${tried} show a canary or change something`);
  t.ok(noticed > tried * 0.3);
});
