import t from 'tap';
import { attack, next, noticedWithoutPolicy } from './attacking.js';
import { inSeveralMessages } from './attempts/in-several-messages.js';

t.test('what one message prepares shows, changes and tells nothing of what is withheld', async (t) => {
  const answered = await attack(t, inSeveralMessages);
  t.ok(answered > 0, `${answered} were answered`);
});

t.test('nor do the same statements in one text', async (t) => {
  const joined = Object.entries(inSeveralMessages).map(([kind, attempts]) => [
    kind,
    attempts.map((attempt) => attempt.replaceAll(next, '; ')),
  ]);
  const answered = await attack(t, Object.fromEntries(joined));
  t.ok(answered > 0, `${answered} were answered`);
});

t.test('without a policy the oracles see', async (t) => {
  const { tried, noticed } = await noticedWithoutPolicy(t, inSeveralMessages);
  t.comment(`${noticed} of ${tried} show a canary or change something`);
  t.ok(noticed > tried * 0.6);
});
