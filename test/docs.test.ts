import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import {
  defaultAdmin,
  defaultAudit,
  defaultBreaker,
  defaultLimits,
  defaultListen,
  defaultLog,
  defaultPolicedLimits,
  defaultPool,
} from '../src/config/defaults.js';
import { parseConfig } from '../src/config/load-config.js';
import { loadPolicies } from '../src/policy/file/load-policies.js';
import { root } from './support/source-tree.js';

const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)];
const read = (page: string): string => readFileSync(path.join(root, page), 'utf8');

/** What stands in fences of a language. */
function blocks(page: string, language: string): string[] {
  return [...read(page).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text);
}

const isPolicy = (yaml: string): boolean => yaml.startsWith('version:');

t.test('every configuration in the documentation is valid', async (t) => {
  const found = pages.flatMap((page) => blocks(page, 'yaml').map((text) => ({ page, text })));
  const configs = found.filter(({ text }) => !isPolicy(text));
  t.ok(configs.length >= 2);
  for (const { page, text } of configs) {
    const variables = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, 'some-secret']);
    t.doesNotThrow(() => parseConfig(text, page, Object.fromEntries(variables)), page);
  }
});

t.test('every policy in the documentation is one that can be loaded', async (t) => {
  const found = pages.flatMap((page) => blocks(page, 'yaml').map((text) => ({ file: page, text })));
  const policies = found.filter(({ text }) => isPolicy(text));
  t.ok(policies.length >= 1);
  for (const policy of policies) t.doesNotThrow(() => loadPolicies([policy]), policy.file);
});

t.test('the documented defaults are those of the code', async (t) => {
  const sections = new Map(
    read('docs/configuration.md')
      .split(/^##+ /m)
      .map((text) => [text.split('\n', 1)[0]?.replaceAll('`', ''), text]),
  );
  const { tls: _tls, socketDir: _none, ...listen } = defaultListen;
  const expected = {
    ...{
      listen,
      admin: defaultAdmin,
      pool: defaultPool,
      breaker: defaultBreaker,
      audit: defaultAudit,
      log: defaultLog,
    },
    limits: defaultLimits,
  };
  for (const [section, defaults] of Object.entries(expected)) {
    for (const [key, value] of Object.entries(defaults)) {
      const policed = section === 'limits' ? defaultPolicedLimits[key as keyof typeof defaultPolicedLimits] : value;
      const shown =
        value === null
          ? 'none'
          : policed === value
            ? `\`${value}\``
            : `\`${policed}\` with policies, else \`${value}\``;
      t.match(sections.get(section), `| \`${key}\` | ${shown} |`, `${section}.${key}`);
    }
  }
});

t.test('links between pages lead to a page, and to a heading of it', async (t) => {
  const anchorOf = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-');
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].flatMap(([link, target = '', anchor]) => {
      const file = target === '' ? page : path.posix.join(path.posix.dirname(page), target);
      if (!existsSync(path.join(root, file))) return [`${page}: ${link}`];
      if (anchor === undefined) return [];
      const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
      return headings.includes(anchor) ? [] : [`${page}: ${link}`];
    }),
  );
  t.same(broken, []);
});
