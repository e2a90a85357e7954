import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { RawClient } from './raw-client.js';
import { cstring, errorFields, int32, message, password, type RawMessage, startupMessage } from './raw-messages.js';

export interface Login {
  user: string;
  database?: string;
  password?: string;
  /** Further start-up parameters: `{ options: '-c geqo=off' }`. */
  parameters?: Record<string, string>;
  /** The minor version of the protocol that is asked for: 0 or 2. */
  minor?: number;
}

/** What a server said between the start-up message and the first ReadyForQuery. */
export interface Greeting {
  messages: RawMessage[];
  parameters: Map<string, string>;
  processId: number;
  secretKey: Buffer;
}

/** An ErrorResponse where none was hoped for. `fields` by their letter. */
export class RawError extends Error {
  readonly fields: Record<string, string>;

  constructor(body: Buffer) {
    const fields = errorFields(body);
    super(`${fields.S} ${fields.C}: ${fields.M}`);
    this.fields = fields;
  }
}

/** Sends the start-up message, answers what is asked, and reads up to ReadyForQuery. Rejects with RawError. */
export async function login(client: RawClient, options: Login): Promise<Greeting> {
  const { user, database = user, parameters = {}, minor = 0 } = options;
  client.send(startupMessage({ user, database, ...parameters }, minor));
  const greeting: Greeting = { messages: [], parameters: new Map(), processId: 0, secretKey: Buffer.alloc(0) };
  for (;;) {
    const reply = await client.read();
    greeting.messages.push(reply);
    if (reply.type === 'E') throw new RawError(reply.body);
    if (reply.type === 'R') await authenticate(client, reply.body, options);
    if (reply.type === 'S') {
      const [name = '', value = ''] = reply.body.toString('utf8').split('\0');
      greeting.parameters.set(name, value);
    }
    if (reply.type === 'K') {
      greeting.processId = reply.body.readInt32BE(0);
      greeting.secretKey = reply.body.subarray(4);
    }
    if (reply.type === 'Z') return greeting;
  }
}

async function authenticate(client: RawClient, body: Buffer, options: Login): Promise<void> {
  const method = body.readInt32BE(0);
  const { user, password: secret = '' } = options;
  if (method === 3) client.send(password(secret));
  if (method === 5) client.send(password(md5Answer(user, secret, body.subarray(4, 8))));
  if (method === 10) await scram(client, secret);
}

function md5Answer(user: string, secret: string, salt: Buffer): string {
  const md5 = (...parts: (string | Buffer)[]) =>
    createHash('md5').update(Buffer.concat(parts.map((part) => Buffer.from(part))));
  return `md5${md5(md5(secret, user).digest('hex'), salt).digest('hex')}`;
}

/** RFC 5802 without channel binding, and without SASLprep: tests that need either say so themselves. */
async function scram(client: RawClient, secret: string): Promise<void> {
  const nonce = randomBytes(18).toString('base64');
  const clientFirst = `n=,r=${nonce}`;
  const initial = Buffer.from(`n,,${clientFirst}`);
  client.send(message('p', cstring('SCRAM-SHA-256'), int32(initial.length), initial));
  const serverFirst = await saslText(client, 11);
  const attribute = (name: string) => serverFirst.match(new RegExp(`(?:^|,)${name}=([^,]*)`))?.[1] ?? '';
  const salted = pbkdf2Sync(secret, Buffer.from(attribute('s'), 'base64'), Number(attribute('i')), 32, 'sha256');
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  const withoutProof = `c=biws,r=${attribute('r')}`;
  const transcript = `${clientFirst},${serverFirst},${withoutProof}`;
  const signature = hmac(storedKey, transcript);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
  client.send(message('p', Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)));
  const expected = hmac(hmac(salted, 'Server Key'), transcript).toString('base64');
  const serverFinal = await saslText(client, 12);
  if (serverFinal !== `v=${expected}`) throw new Error('the server does not know the password itself');
}

async function saslText(client: RawClient, method: number): Promise<string> {
  const { type, body } = await client.read();
  if (type === 'E') throw new RawError(body);
  if (type !== 'R' || body.readInt32BE(0) !== method) throw new Error(`${type} where SASL step ${method} is due`);
  return body.toString('utf8', 4);
}
