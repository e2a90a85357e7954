import t, { type Test } from 'tap';
import { answerOf, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type Reply } from '../support/raw-client.js';

const server = await startPostgres();
t.teardown(() => server.stop());

/** The process and payload of the notifications in a reply. */
function notificationsIn({ messages }: Reply): { from: number; payload: string }[] {
  return messages
    .filter(({ type }) => type === 'A')
    .map(({ body }) => ({
      from: body.readInt32BE(0),
      payload: body.toString('utf8', body.indexOf(0, 4) + 1, body.length - 1),
    }));
}

async function listener(t: Test, port: number): Promise<{ client: RawClient; processId: number }> {
  const client = await RawClient.connect({ port });
  t.teardown(() => client.destroy());
  const { processId } = await client.login({
    user: server.superuser,
    password: server.password,
    database: 'postgres',
  });
  return { client, processId };
}

for (const mode of ['transaction', 'session'] as const) {
  t.test(`own notifications come from the process that one is, those of others don't, pool mode ${mode}`, async (t) => {
    const { port } = await daemonInFrontOf(t, server, { mode });
    const { client, processId } = await listener(t, port);
    await client.ask('listen news');
    t.same(notificationsIn(await client.ask("notify news, 'mine'")), [{ from: processId, payload: 'mine' }]);
    await server.query("notify news, 'theirs'");
    const [theirs] = notificationsIn(await client.readUntil('A'));
    t.equal(theirs?.payload, 'theirs');
    t.not(theirs?.from, processId);
  });

  t.test(`none is lost while the proxy asks what state the session is in, pool mode ${mode}`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { mode });
    const { client } = await listener(t, daemon.port);
    const notifier = await signIn(t, daemon, server);
    await answerOf(notifier, 'select 1');
    // LISTEN again is one more thing whose effects are asked about, and each time there is a moment in which to notify.
    const heard: (string | undefined)[] = [];
    for (let round = 0; round < 50; round++) {
      await client.ask('listen news');
      await notifier.ask(`notify news, '${round}'`);
      heard.push(notificationsIn(await client.readUntil('A'))[0]?.payload);
    }
    t.same(heard, [...heard.keys()].map(String));
  });
}
