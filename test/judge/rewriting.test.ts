import t from 'tap';
import { inClientsNames } from '../../src/judge/rewriting.js';
import type { Splice } from '../../src/sql/rewrite/splice.js';
import { makeTemplate } from '../../src/sql/rewrite/template.js';

/** As if these schemas had been put before the names at these places. */
function sent(text: string, schemas: Readonly<Record<number, string>>) {
  const splices = Object.entries(schemas).map(([at, schema]): Splice => {
    const place = { start: Number(at), end: Number(at) };
    const meant = { kind: 'schema', of: 'relation', at: place.start, schema } as const;
    return { ...place, text: `${schema}.`, reason: '', meant };
  });
  return makeTemplate(text, splices);
}

t.test('messages call things as the client did', (t) => {
  const text = 'select * from item';
  const template = sent(text, { 14: 'public' });
  t.equal(inClientsNames(template, text, 'relation "public.item" does not exist'), 'relation "item" does not exist');
  t.equal(inClientsNames(template, text, 'function public.item() is none'), 'function item() is none');
  t.equal(inClientsNames(template, text, 'table republic.item'), 'table republic.item');
  t.end();
});

t.test('schemas that have to be quoted, and those that the client wrote itself', (t) => {
  const text = 'select * from item, shop.item';
  const template = sent(text, { 14: '"My ""own"' });
  t.equal(inClientsNames(template, text, 'relation "My "own.item" is gone'), 'relation "item" is gone');
  const written = sent(text, { 14: 'shop' });
  t.equal(inClientsNames(written, text, 'relation "shop.item" is gone'), 'relation "shop.item" is gone');
  t.end();
});
