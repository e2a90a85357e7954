import t from 'tap';
import { attack } from './attacking.js';
import { beforeTheFilter } from './attempts/before-the-filter.js';

t.test('nothing runs on rows that a filter takes out, and nothing else tells of them', async (t) => {
  const attempts = Object.values(beforeTheFilter).flat().length;
  const answered = await attack(t, beforeTheFilter);
  t.comment(`${attempts} attempts, ${answered} of them answered in a way`);
  t.ok(answered > attempts * 0.3, 'what is allowed is answered: the policy is no wall');
});
