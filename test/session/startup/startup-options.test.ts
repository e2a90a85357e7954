import t from 'tap';
import { readStartupOptions, splitOptions } from '../../../src/session/startup/startup-options.js';
import { startPostgres } from '../../support/postgres.js';
import { RawClient } from '../../support/raw-client.js';
import { rowValues } from '../../support/raw-messages.js';

const settings = (text: string) => readStartupOptions(text).settings.map(([name, value]) => `${name}=${value}`);

t.test('words end at white space that no backslash stands before', async (t) => {
  t.same(splitOptions(''), []);
  t.same(splitOptions(' \t\n\v\f\r '), []);
  t.same(splitOptions('  -c  a=b\t-c c=d '), ['-c', 'a=b', '-c', 'c=d']);
  t.same(splitOptions('a\\ b'), ['a b']);
  t.same(splitOptions('a\\\\ b'), ['a\\', 'b']);
  t.same(splitOptions('a\\b'), ['ab']);
  t.same(splitOptions('a\\'), ['a'], 'a backslash at the end stands before nothing');
  t.same(splitOptions('\\'), ['']);
  t.same(splitOptions('a\u00a0b'), ['a\u00a0b'], 'only ASCII is white space');
});

t.test('a setting is given in three ways', async (t) => {
  t.same(settings('-c geqo=off'), ['geqo=off']);
  t.same(settings('-cgeqo=off'), ['geqo=off']);
  t.same(settings('--geqo=off'), ['geqo=off']);
  t.same(settings('--work-mem=1MB -c my-app.x-y=a-b'), ['work_mem=1MB', 'my_app.x_y=a-b'], 'dashes of names');
  t.same(settings('-c search_path=a,b=c'), ['search_path=a,b=c']);
  t.same(settings('-c application_name='), ['application_name=']);
  t.same(settings('-c application_name=my\\ app'), ['application_name=my app']);
});

t.test('switches of the server stand for settings', async (t) => {
  t.same(settings('-e -S 1234 -fs -fm -tpl -O'), [
    'datestyle=euro',
    'work_mem=1234',
    'enable_seqscan=false',
    'enable_mergejoin=false',
    'log_planner_stats=true',
    'allow_system_table_mods=true',
  ]);
  t.same(settings('-sec geqo=off'), ['log_statement_stats=true', 'datestyle=euro', 'geqo=off'], 'in one word');
  t.same(settings('-E -n -D /tmp --'), [], 'or for nothing');
});

t.test('what comes before a mistake holds, what comes after is not read', async (t) => {
  const { settings, mistake } = readStartupOptions('-c a=b -c oops -c c=d');
  t.same(settings, [['a', 'b']]);
  t.match(mistake, { sqlstate: '42601', severity: 'FATAL', clientMessage: '-c oops requires a value' });
});

t.test('mistakes are told as PostgreSQL tells them', async (t) => {
  const told = (text: string) => readStartupOptions(text).mistake?.clientMessage;
  t.equal(told('--oops'), '--oops requires a value');
  for (const text of ['oops', '-', '-Z', '-c', '-fz', '-tx', '-- oops', '\\']) {
    t.match(told(text), /^invalid command-line argument for server process: /, text);
  }
  t.equal(told('-c a=b'), undefined);
});

t.test('a server that is given the options has these settings', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const given = [
    '-c geqo=off -cseq_page_cost=2.5 --random-page-cost=3.5',
    '-fs -fn -S 1234 -c application_name=a\\ b\\\\c',
    '-c my.setting=a=b -ec work_mem=1MB',
    '-c application_name=first -c application_name=second',
    '-c statement_timeout=5s -E -n -c search_path="$user",\\ x',
  ];
  for (const options of given) {
    const { user, password } = { user: server.superuser, password: server.password };
    const client = await RawClient.connect(server, { user, password, database: 'postgres', parameters: { options } });
    const wanted = new Map(readStartupOptions(options).settings);
    for (const [name, value] of wanted) {
      if (name === 'datestyle') continue;
      const { messages } = await client.ask(`select current_setting('${name}')`);
      const found = messages.find(({ type }) => type === 'D');
      const [text] = found === undefined ? [] : rowValues(found.body);
      const same = await client.ask(`set ${name} to ${quote(value)}; select current_setting('${name}')`);
      const [again] = rowValues(same.messages.find(({ type }) => type === 'D')?.body ?? Buffer.alloc(2));
      t.equal(text, again, `${name} by ${options}`);
    }
    await client.destroy();
  }
});

/** A list is set by its elements, anything else as one text. */
const quote = (value: string) => (value.includes(',') ? value : `'${value.replaceAll("'", "''")}'`);
