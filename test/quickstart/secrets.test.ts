import { statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { keepSecrets } from '../../src/quickstart/secrets.js';

t.test('they are made once, for their owner only', async (t) => {
  const folder = t.testdir();
  const file = path.join(folder, 'secrets.json');
  const made = await keepSecrets(file);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(new Set(Object.values(made)).size, 4, 'no two are the same');
  t.ok(
    Object.values(made).every((secret) => secret.length >= 20),
    'and none can be guessed',
  );
  t.same(await keepSecrets(file), made);
  t.same(await readdir(folder), ['secrets.json'], 'no draft is left');
});

t.test('two that make them at once get the same', async (t) => {
  const file = path.join(t.testdir(), 'secrets.json');
  const [one, other] = await Promise.all([keepSecrets(file), keepSecrets(`${file}`)]);
  t.same(one, other);
});

t.test('a damaged file is an error that names it, not its content', async (t) => {
  for (const text of [
    '',
    '{"postgres":"only this"}',
    'null',
    '[]',
    '{"postgres":"a","shop":"a\'","analyst":"a","clerk":"a"}',
  ]) {
    const file = path.join(t.testdir(), 'secrets.json');
    writeFileSync(file, text);
    await t.rejects(keepSecrets(file), {
      code: 'configInvalid',
      message: `${file} is damaged; remove its folder to begin anew`,
    });
  }
});
