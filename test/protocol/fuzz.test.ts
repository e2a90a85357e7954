import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { decodeBackendMessage, decodeFrontendMessage } from '../../protocol/decode-message.js';
import { FrameReader, type FramingRules, framing, framingRules, passes } from '../../protocol/frame-reader.js';
import { maxBodyBytes, maxReplyBodyBytes, startupBodyBytesMax } from '../../protocol/message-bounds.js';
import { backend, frontend } from '../../protocol/message-types.js';
import { afterReply, type CopyOrigin, type Phase, startupStep, step, violation } from '../../protocol/phases.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import { ReplyQueue } from '../../protocol/reply-queue.js';
import { decodeStartupPacket } from '../../protocol/startup-packet.js';
import {
  clientSession,
  mutated,
  pieceSizes,
  pieces,
  soundLogin,
  soundSession,
  upstreamSession,
} from './support/sessions.js';

/*
 * Sessions that went wrong, fed to everything in protocol/ as a server and as a client would use it. Whatever the bytes
 * are: nothing but a ProtocolError is thrown, each byte is looked at a bounded number of times, and what is kept of a
 * session that doesn't end is bounded.
 *
 * PROTOCOL_FUZZ_RUNS=100000 for a night of it; fast-check prints the seed and the smallest session that fails.
 */
const numRuns = Number(process.env.PROTOCOL_FUZZ_RUNS ?? 3000);

const heldBytes = 1024;

function rulesIn(phase: Phase): FramingRules {
  const types = Object.values(frontend).flatMap((type): [number, { hold: number; maxBody: number }][] => {
    const maxBody = maxBodyBytes(phase, type);
    if (maxBody === null) return [];
    return [[type, { hold: type === frontend.CopyData ? passes : Math.min(maxBody, heldBytes), maxBody }]];
  });
  return framingRules(types);
}

const passwordRules = rulesIn('authenticate');
const clientRules = rulesIn('ready');
const replyRules = framingRules(
  Object.values(backend).map((type) => [
    type,
    { hold: type === backend.DataRow ? passes : heldBytes, maxBody: maxReplyBodyBytes(type) },
  ]),
);

/** Thrown by the harness itself where a property of the reader doesn't hold. */
function checkReader(reader: FrameReader, turns: number, bytesMax: number): void {
  assert(reader.pendingBytes <= bytesMax, `${reader.pendingBytes} bytes are kept`);
  assert(turns < 200_000, 'the reader goes on and on');
}

/** A server that answers everything with success, but what it can't decode. */
class Server {
  phase: Phase = 'startup';
  #origin: CopyOrigin = 'ready';
  #startup = Buffer.alloc(0);
  readonly #reader = new FrameReader(passwordRules);
  #turns = 0;

  receive(chunk: Buffer): void {
    if (this.phase === 'startup') this.#receiveStartup(chunk);
    else this.#receiveFrames(chunk);
  }

  #receiveStartup(chunk: Buffer): void {
    this.#startup = Buffer.concat([this.#startup, chunk]);
    while (this.phase === 'startup' && this.#startup.length >= 4) {
      const bytes = this.#startup.readUInt32BE(0);
      if (bytes < 8 || bytes - 4 > startupBodyBytesMax) throw new ProtocolError('08P01', 'length', { fatal: true });
      if (this.#startup.length < bytes) return;
      const packet = decodeStartupPacket(this.#startup.subarray(4, bytes));
      this.#startup = this.#startup.subarray(bytes);
      this.phase = startupStep(packet.kind).next;
    }
    if (this.phase === 'authenticate') this.#receiveFrames(this.#startup);
  }

  #receiveFrames(chunk: Buffer): void {
    const reader = this.#reader;
    reader.push(chunk);
    for (let kind = reader.next(); kind !== framing.none && this.phase !== 'closed'; kind = reader.next()) {
      this.#turns++;
      checkReader(reader, this.#turns, heldBytes + 5 + chunk.length);
      if (kind === framing.frame) this.#take(reader.type, reader.buffer.subarray(reader.start + 5, reader.end));
      else if (kind === framing.head) this.#take(reader.type, null);
    }
    checkReader(reader, this.#turns, heldBytes + 5);
  }

  #take(type: number, body: Buffer | null): void {
    const { act, next } = step(this.phase, type, this.#origin);
    if (act === 'violation') throw violation(this.phase, type);
    if (act !== 'accept') return;
    const before = this.phase;
    this.phase = next;
    try {
      if (before === 'authenticate') this.#authenticated();
      else if (body !== null) this.#answer(decodeFrontendMessage(type, body));
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.fatal) throw error;
      this.phase = afterReply(next, backend.ErrorResponse, this.#origin);
    }
  }

  #authenticated(): void {
    this.phase = afterReply(this.phase, backend.ReadyForQuery);
    this.#reader.useRules(clientRules);
  }

  #answer(message: ReturnType<typeof decodeFrontendMessage>): void {
    const isCopy =
      (message.name === 'Query' && message.message.query.startsWith('copy')) ||
      (message.name === 'Execute' && message.message.portal === 'copy');
    if (!isCopy) return;
    this.#origin = message.name === 'Query' ? 'ready' : 'batch';
    this.phase = afterReply(this.phase, backend.CopyInResponse);
  }
}

/** Reads what an upstream sends and matches it to requests, as a proxy does. */
function readReplies(bytes: Buffer, sizes: readonly number[]): void {
  const reader = new FrameReader(replyRules);
  const queue = new ReplyQueue<{ request: number; disposition: 'forward'; owner: null }>(() => {});
  for (const name of ['Query', 'Parse', 'Bind', 'Execute', 'Sync', 'Query'] as const) {
    queue.push({ request: frontend[name], disposition: 'forward', owner: null });
  }
  let turns = 0;
  for (const chunk of pieces(bytes, sizes)) {
    reader.push(chunk);
    for (let kind = reader.next(); kind !== framing.none; kind = reader.next()) {
      checkReader(reader, ++turns, heldBytes + 5 + chunk.length);
      if (kind !== framing.frame) continue;
      queue.match(reader.type);
      decodeBackendMessage(reader.type, reader.buffer.subarray(reader.start + 5, reader.end));
    }
  }
}

/** Runs it; a ProtocolError is the one thing that may come. */
function protocolErrorsOnly(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

t.test('a session that nothing went wrong in is understood to its end', async (t) => {
  const property = fc.property(upstreamSession, pieceSizes, readReplies);
  t.doesNotThrow(() => fc.assert(property));
});

t.test('whatever a client sends, nothing but a protocol error comes of it', async (t) => {
  let whole = 0;
  const property = fc.property(mutated(clientSession), pieceSizes, (bytes, sizes) => {
    const server = new Server();
    const isUnderstood = protocolErrorsOnly(() => {
      for (const chunk of pieces(bytes, sizes)) {
        if (server.phase !== 'closed') server.receive(chunk);
      }
    });
    if (isUnderstood) whole++;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns }));
  t.ok(whole > 0 && whole < numRuns, `${whole} of ${numRuns} were understood to their end`);
});

t.test('whatever an upstream sends, nothing but a protocol error comes of it', async (t) => {
  const property = fc.property(mutated(upstreamSession), pieceSizes, (bytes, sizes) => {
    protocolErrorsOnly(() => readReplies(bytes, sizes));
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns }));
});

t.test('noise without any form is no better and no worse', async (t) => {
  const property = fc.property(fc.uint8Array({ maxLength: 2000, size: 'max' }), pieceSizes, (noise, sizes) => {
    const bytes = Buffer.from(noise);
    protocolErrorsOnly(() => readReplies(bytes, sizes));
    protocolErrorsOnly(() => {
      const server = new Server();
      for (const chunk of pieces(bytes, sizes)) server.receive(chunk);
    });
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns }));
});

t.test('a session cut at any byte is neither an error nor an end', async (t) => {
  for (let end = 0; end < soundSession.length; end++) {
    const server = new Server();
    server.receive(soundSession.subarray(0, end));
    t.not(server.phase, 'closed', `cut at ${end}`);
    server.receive(soundSession.subarray(end));
    t.equal(server.phase, 'closed', 'with the rest, it says goodbye');
  }
});

t.test('a gigabyte that is announced is not kept, nor is room made for it', async (t) => {
  const server = new Server();
  server.receive(soundLogin);
  t.equal(server.phase, 'ready');
  const before = process.memoryUsage().arrayBuffers;
  server.receive(Buffer.from('513ffffffe', 'hex'));
  const chunk = Buffer.alloc(1 << 20, 0x61);
  for (let i = 0; i < 1000; i++) server.receive(chunk);
  const grown = process.memoryUsage().arrayBuffers - before;
  t.ok(grown < 8 << 20, `${grown} bytes more after 1,000 MB`);
});
