import t from 'tap';
import { createLog, type LogOptions, type LogOutput } from '../../src/telemetry/log.js';

function capture(options: Partial<LogOptions> = {}, isTTY = false) {
  const lines: string[] = [];
  const output: LogOutput = { write: (line: string) => lines.push(line), isTTY };
  return { lines, log: createLog({ level: 'info', pretty: 'auto', ...options }, output) };
}

t.test('off a terminal a line is JSON with time, level and message', async (t) => {
  const { lines, log } = capture();
  log.info({ tenant: 'acme' }, 'the pool is up');
  t.match(JSON.parse(lines[0] as string), {
    level: 'info',
    tenant: 'acme',
    msg: 'the pool is up',
    time: /^\d{4}-.*Z$/,
  });
  t.equal(lines[0]?.at(-1), '\n');
});

t.test('on a terminal a line is for people, unless they want JSON', async (t) => {
  const pretty = capture({}, true);
  pretty.log.info({ tenant: 'acme' }, 'the pool is up');
  t.match(pretty.lines[0], 'the pool is up');
  t.throws(() => JSON.parse(pretty.lines[0] as string));
  const json = capture({ pretty: false }, true);
  json.log.info('the pool is up');
  t.equal(JSON.parse(json.lines[0] as string).msg, 'the pool is up');
});

t.test('what is below the level is not written', async (t) => {
  const { lines, log } = capture({ level: 'warn' });
  log.info('no');
  log.warn('yes');
  t.equal(lines.length, 1);
});

for (const pretty of [true, false]) {
  t.test(`no secret is written, ${pretty ? 'pretty' : 'as JSON'}`, async (t) => {
    const { lines, log } = capture({ level: 'trace', pretty });
    const url = 'postgres://app:hunter2@db/sales';
    log.info({ password: 'hunter2', nested: { token: 'hunter2' } }, 'plain');
    log.child({ secret: 'hunter2', url }).info('from a child');
    log.error(new Error(`cannot connect to ${url}`, { cause: new Error(url) }));
    log.error({ err: Object.assign(new Error('x'), { config: { password: 'hunter2' } }) }, 'with %s', url);
    log.info({ other: new Error(url) }, url);
    t.equal(lines.length, 5);
    t.notMatch(lines.join(''), 'hunter2');
  });

  t.test(`text from outside stays on its line and off the terminal, ${pretty ? 'pretty' : 'as JSON'}`, async (t) => {
    const { lines, log } = capture({ pretty });
    const user = 'eve\nINFO: all is well\u001b[2J\u009b2J\u2028';
    log.info({ user, [user]: 1 }, `login of ${user} failed`);
    log.info('login of %s failed', user);
    for (const line of lines) {
      t.equal(line.trimEnd().split(/[\n\u2028]/).length, 1, line);
      t.notMatch(line, /[\u001b\u009b]/);
    }
  });
}
