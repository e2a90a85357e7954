import t from 'tap';
import {
  largeBodyBytesMax,
  maxBodyBytes,
  maxReplyBodyBytes,
  passwordBodyBytesMax,
  smallBodyBytesMax,
  smallReplyBodyBytesMax,
  startupBodyBytesMax,
} from '../../protocol/message-bounds.js';
import { backend, frontend } from '../../protocol/message-types.js';

t.test('the bounds are PostgreSQL’s, which count the length word in all but start-up packets', async (t) => {
  t.equal(startupBodyBytesMax, 10000);
  t.equal(passwordBodyBytesMax + 4, 65535);
  t.equal(smallBodyBytesMax + 4, 10000);
  t.equal(largeBodyBytesMax + 4, 0x3ffffffe);
});

t.test('before a login nothing may be long, whatever its type', async (t) => {
  for (let type = 0; type < 256; type++) t.equal(maxBodyBytes('startup', type), startupBodyBytesMax);
  t.equal(maxBodyBytes('authenticate', frontend.PasswordMessage), passwordBodyBytesMax);
  t.equal(maxBodyBytes('authenticate', frontend.Query), null);
});

t.test('only what carries data may be large', async (t) => {
  for (const phase of ['ready', 'batch', 'skipToSync'] as const) {
    for (const name of ['Query', 'Parse', 'Bind', 'FunctionCall', 'CopyData'] as const) {
      t.equal(maxBodyBytes(phase, frontend[name]), largeBodyBytesMax, `${name} in ${phase}`);
    }
    for (const name of [
      'Describe',
      'Execute',
      'Close',
      'Flush',
      'Sync',
      'Terminate',
      'CopyDone',
      'CopyFail',
    ] as const) {
      t.equal(maxBodyBytes(phase, frontend[name]), smallBodyBytesMax, `${name} in ${phase}`);
    }
  }
});

t.test('a type that the phase does not allow has no bound, since not one byte of it is read', async (t) => {
  t.equal(maxBodyBytes('ready', frontend.PasswordMessage), null);
  t.equal(maxBodyBytes('ready', 0x21), null);
  t.equal(maxBodyBytes('copyIn', frontend.Query), null);
  t.equal(maxBodyBytes('copyIn', frontend.CopyData), largeBodyBytesMax);
  t.equal(maxBodyBytes('copyIn', frontend.Sync), smallBodyBytesMax);
});

t.test('an upstream may send long rows, errors and settings, and no long ReadyForQuery', async (t) => {
  for (const name of ['DataRow', 'CopyData', 'ErrorResponse', 'ParameterStatus', 'ParameterDescription'] as const) {
    t.equal(maxReplyBodyBytes(backend[name]), largeBodyBytesMax, name);
  }
  for (const name of ['ReadyForQuery', 'CommandComplete', 'BackendKeyData', 'Authentication'] as const) {
    t.equal(maxReplyBodyBytes(backend[name]), smallReplyBodyBytesMax, name);
  }
});
