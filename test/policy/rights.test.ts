import t from 'tap';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { Rights } from '../../src/policy/rights.js';

function rights(...texts: readonly string[]): Rights {
  const sources = texts.map((text, index) => ({ file: `${index}.yaml`, text: `version: 1\n${text}` }));
  return new Rights(loadPolicies(sources), { user: 'ann', roles: ['clerk'], database: 'sales' });
}

t.test(
  'of several files the smallest limit and the strictest mode hold, and those for others do not count',
  async (t) => {
    const several = rights(
      'limits: { rowsMax: 100, timeoutMs: 0 }\ncatalog: visible',
      'limits: { rowsMax: 50, complexityMax: 9 }\ncatalog: filtered\nfirewall: { mode: learn, file: f }',
      'roles: [other]\nlimits: { rowsMax: 1 }\ncatalog: hidden',
    );
    t.same(several.limits, { rowsMax: 50, complexityMax: 9, timeoutMs: 0 });
    t.equal(several.catalog, 'filtered');
    t.equal(several.firewall, 'learn');
    t.equal(rights('catalog: hidden', '').catalog, 'hidden');
    t.equal(rights('catalog: visible').catalog, 'visible');
  },
);
