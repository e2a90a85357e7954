import { readFileSync } from 'node:fs';
import t from 'tap';
import { backend, frontend } from '../../protocol/message-types.js';

/** The messages that docs/protocol.md gives a row, under the heading that begins so. */
function documentedUnder(heading: string): ReadonlySet<string> {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((each) => each.startsWith(heading)) ?? '';
  const cells = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  return new Set(cells.flatMap((cell) => cell.split(', ')));
}

t.test('docs/protocol.md says what happens to each message of a client', async (t) => {
  const documented = documentedUnder('What a client sends');
  const startup = ['StartupMessage', 'SSLRequest', 'GSSENCRequest', 'CancelRequest'];
  const sasl = ['SASLInitialResponse', 'SASLResponse'];
  for (const name of [...startup, ...sasl, ...Object.keys(frontend)]) t.ok(documented.has(name), name);
});

t.test('docs/protocol.md says what happens to each message of an upstream', async (t) => {
  const documented = documentedUnder('What an upstream sends');
  for (const name of Object.keys(backend)) t.ok(documented.has(name), name);
});
