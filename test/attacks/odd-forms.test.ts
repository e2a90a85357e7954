import t from 'tap';
import { attack } from './attacking.js';
import { inOddForms } from './attempts/odd-forms.js';

t.test('seldom written forms show, change and tell nothing of what is withheld', { timeout: 300_000 }, async (t) => {
  const answered = await attack(t, inOddForms);
  t.ok(answered > 0, `${answered} were answered`);
});
