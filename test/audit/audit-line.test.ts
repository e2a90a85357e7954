import t from 'tap';
import type { AuditStatement } from '../../src/audit/audit-event.js';
import { clientPart, eventLine, gapLine, statementLine, statementPart } from '../../src/audit/audit-line.js';

const time = '2026-10-01T12:00:00.000Z';

const client = {
  tenant: 'acme',
  database: 'sales',
  user: 'alice',
  address: '10.0.0.7:50312',
  application: 'psql',
};

const statement: AuditStatement = {
  actions: ['select'],
  relations: [{ name: 'public.customers', actions: ['select'] }],
  shape: 'select * from customers where id = $1',
  text: 'select * from customers where id = 42',
  verdict: 'allow',
  rules: ['analysts read customers'],
  isRewritten: false,
};

const end = { rows: 3, copyBytes: null, durationMs: 1.23456, sqlstate: null };

function parsed(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}

t.test('a statement’s line has every member, in this order', async (t) => {
  const line = statementLine(time, clientPart(client), statementPart(statement, 'shape'), end);
  const expected = {
    time,
    kind: 'statement',
    ...client,
    action: 'select',
    relations: [{ name: 'public.customers', actions: ['select'] }],
    shape: 'select * from customers where id = $1',
    verdict: 'allow',
    rules: ['analysts read customers'],
    rewritten: false,
    rows: 3,
    durationMs: 1.235,
    sqlstate: null,
  };
  t.same(Object.entries(parsed(line)), Object.entries(expected));
  t.equal(line, `${JSON.stringify(expected)}\n`);
});

t.test('a copy has its bytes as well', (t) => {
  const part = statementPart(statement, 'shape');
  const copy = parsed(statementLine(time, clientPart(client), part, { ...end, copyBytes: 4_294_967_296 }));
  t.match(copy, { rows: 3, bytes: 4_294_967_296 });
  t.notOk('bytes' in parsed(statementLine(time, clientPart(client), part, end)));
  t.end();
});

t.test('what is unknown or not there is null', async (t) => {
  const unknown = { ...statement, actions: [], relations: [], shape: null, rules: [] };
  const part = clientPart({ ...client, application: null });
  const line = statementLine(time, part, statementPart(unknown, 'shape'), { ...end, rows: null, sqlstate: '42P01' });
  t.match(parsed(line), {
    application: null,
    action: null,
    relations: [],
    shape: null,
    rules: [],
    rows: null,
    sqlstate: '42P01',
  });
});

t.test('the literals of a statement are kept only where that is asked for', async (t) => {
  t.notMatch(statementPart(statement, 'shape'), '42');
  const none = parsed(`{${statementPart(statement, 'none')}}`);
  t.notOk('shape' in none || 'statement' in none);
  t.match(parsed(`{${statementPart(statement, 'full')}}`), { shape: statement.shape, statement: statement.text });
});

t.test('several actions, relations and rules are told together', async (t) => {
  const several = {
    ...statement,
    actions: ['select', 'copy-out'],
    relations: [
      { name: 'a.b', actions: ['select', 'copy-out'] },
      { name: '"c,d".e', actions: ['select'] },
    ],
    rules: ['one, and', 'two'],
    isRewritten: true,
  };
  t.match(parsed(`{${statementPart(several, 'shape')}}`), {
    action: 'select,copy-out',
    relations: several.relations,
    rules: ['one, and', 'two'],
    rewritten: true,
  });
});

t.test('a huge statement is cut and says so', async (t) => {
  const huge = {
    ...statement,
    shape: 'x'.repeat(1_000_000),
    text: 'é'.repeat(1_000_000),
    relations: Array(5_000).fill({ name: 'a.b', actions: ['select'] }),
    rules: Array(5_000).fill('a rule'),
  };
  for (const keeps of ['shape', 'full'] as const) {
    const part = statementPart(huge, keeps);
    t.ok(part.length < 130_000, `${part.length} bytes`);
    t.match(parsed(`{${part}}`), { cut: true });
  }
  t.notOk('cut' in parsed(`{${statementPart(statement, 'full')}}`));
});

t.test('nothing that a client or server chooses can add a line or a member', async (t) => {
  const evil = '"}\n{"kind":"auth","user":"root\u2028","x":"\u0000\ud800';
  const relations = [{ name: evil, actions: [evil] }];
  const line = statementLine(
    time,
    clientPart({ tenant: evil, database: evil, user: evil, address: evil, application: evil }),
    statementPart({ ...statement, actions: [evil], relations, shape: evil, text: evil, rules: [evil] }, 'full'),
    { ...end, sqlstate: evil },
  );
  t.match(line, /^[\x20-\x7e]+\n$/);
  const members = parsed(line);
  t.equal(Object.keys(members).length, 17);
  t.equal(members.user, evil);
  t.equal(members.kind, 'statement');
  t.match(eventLine(time, { kind: 'auth', user: evil, detail: evil, method: evil }), /^[\x20-\x7e]+\n$/);
  t.match(gapLine(time, 1, time, evil), /^[\x20-\x7e]+\n$/);
});

t.test('other events have the members they were given', async (t) => {
  const line = eventLine(time, {
    kind: 'auth',
    ...client,
    verdict: 'deny',
    method: 'scram-sha-256',
    sqlstate: '28P01',
  });
  const { tenant, database, user, address, application } = client;
  const expected = { time, kind: 'auth', tenant, database, user, address, application };
  t.equal(line, `${JSON.stringify({ ...expected, method: 'scram-sha-256', verdict: 'deny', sqlstate: '28P01' })}\n`);
  const diff = { added: ['a: b'], removed: [], changed: ['a: "c"'] };
  t.same(parsed(eventLine(time, { kind: 'policy', tenant, ...diff })), { time, kind: 'policy', tenant, ...diff });
  t.equal(eventLine(time, { kind: 'start' }), `{"time":"${time}","kind":"start"}\n`);
  t.same(parsed(gapLine(time, 12, time, 'ENOSPC')), { time, kind: 'gap', lost: 12, since: time, reason: 'ENOSPC' });
});
