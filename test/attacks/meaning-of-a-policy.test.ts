import t from 'tap';
import { attack } from './attacking.js';
import { meaningOfAPolicy } from './attempts/meaning-of-a-policy.js';

const attempts = Object.values(meaningOfAPolicy).flat().length;

t.test('what a client sets makes nothing else of a policy', async (t) => {
  const answered = await attack(t, meaningOfAPolicy);
  t.comment(`${attempts} attempts, ${answered} of them answered in a way`);
  t.ok(answered > attempts * 0.5, 'what is allowed is answered');
});

t.test('neither does what it asks for when it connects', async (t) => {
  const options = '-c search_path=weird,public -c datestyle=DMY -c timezone=-12';
  t.ok((await attack(t, meaningOfAPolicy, { options })) > attempts * 0.5);
});
