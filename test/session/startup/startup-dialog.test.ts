import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { StartupDialog } from '../../../src/session/startup/startup-dialog.js';
import { int32, message } from '../../support/raw-messages.js';

async function dialogWith(t: Test): Promise<{ client: Socket; dialog: StartupDialog; socket: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const client = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => client.destroy());
  t.teardown(() => socket.destroy());
  return { client, socket, dialog: new StartupDialog(socket) };
}

const request = Buffer.from('request');

t.test('a question is sent, and the body of its answer given', async (t) => {
  const { client, dialog } = await dialogWith(t);
  const asked = once(client, 'data');
  const answer = dialog.ask(request, 'password');
  t.equal(String((await asked)[0]), 'request');
  client.write(message('p', Buffer.from('answer')));
  t.equal(String(await answer), 'answer');
});

t.test('an answer may be empty, may come early, and what is behind it is kept', async (t) => {
  const { client, dialog } = await dialogWith(t);
  client.write(Buffer.concat([message('p'), message('p', Buffer.from('two')), Buffer.from('rest')]));
  t.equal(String(await dialog.ask(request, 'SASL')), '');
  t.equal(String(await dialog.ask(request, 'SASL')), 'two');
  t.equal(String(dialog.end()), 'rest');
});

t.test('another message is a violation, in the words of what was asked for', async (t) => {
  for (const kind of ['password', 'SASL'] as const) {
    const { client, dialog } = await dialogWith(t);
    client.write(message('Q', Buffer.from('select 1\0')));
    const expected = { sqlstate: '08P01', message: `expected ${kind} response, got message type 81` };
    await t.rejects(dialog.ask(request, kind), expected);
  }
});

t.test('lengths have bounds, and nothing beyond them is waited for', async (t) => {
  for (const [kind, length] of [
    ['password', 3],
    ['password', 65_536],
    ['SASL', -1],
    ['SASL', 1025],
  ] as const) {
    const { client, dialog } = await dialogWith(t);
    client.write(Buffer.concat([Buffer.from('p'), int32(length)]));
    t.equal(await dialog.ask(request, kind), 'invalid-length', `${kind} ${length}`);
  }
});

t.test('a client that goes in the middle is gone, which to SASL is a wrong answer', async (t) => {
  const whole = message('p', Buffer.from('answer'));
  for (const length of [0, 1, 4, 5, 8]) {
    const { client, dialog } = await dialogWith(t);
    client.end(whole.subarray(0, length));
    const expected = length === 0 ? 'gone' : 'invalid-length';
    t.equal(await dialog.ask(request, 'SASL'), expected, `SASL after ${length} bytes`);
    const other = await dialogWith(t);
    other.client.end(whole.subarray(0, length));
    t.equal(await other.dialog.ask(request, 'password'), 'gone', `password after ${length} bytes`);
  }
});

t.test('once it has ended, one that waits is told that the client has gone', async (t) => {
  const { dialog } = await dialogWith(t);
  const answer = dialog.ask(request, 'SASL');
  dialog.end();
  t.equal(await answer, 'gone');
});

t.test('what is told first goes out with what is written next', async (t) => {
  const { client, dialog, socket } = await dialogWith(t);
  const heard = once(client, 'data');
  dialog.tellFirst(Buffer.from('ok, '));
  await Promise.resolve();
  socket.write('welcome');
  t.equal(String((await heard)[0]), 'ok, welcome');
  dialog.tellFirst(Buffer.from('alone'));
  t.equal(String((await once(client, 'data'))[0]), 'alone');
});
