import t from 'tap';
import { backend, backendName, frontend, frontendName } from '../../protocol/message-types.js';

t.test('the letters are those of PG 55.7', async (t) => {
  const letters = (types: Record<string, number>) =>
    Object.entries(types)
      .map(([name, type]) => `${name} ${String.fromCharCode(type)}`)
      .sort();
  t.strictSame(letters(frontend), [
    'Bind B',
    'Close C',
    'CopyData d',
    'CopyDone c',
    'CopyFail f',
    'Describe D',
    'Execute E',
    'Flush H',
    'FunctionCall F',
    'Parse P',
    'PasswordMessage p',
    'Query Q',
    'Sync S',
    'Terminate X',
  ]);
  t.strictSame(letters(backend), [
    'Authentication R',
    'BackendKeyData K',
    'BindComplete 2',
    'CloseComplete 3',
    'CommandComplete C',
    'CopyBothResponse W',
    'CopyData d',
    'CopyDone c',
    'CopyInResponse G',
    'CopyOutResponse H',
    'DataRow D',
    'EmptyQueryResponse I',
    'ErrorResponse E',
    'FunctionCallResponse V',
    'NegotiateProtocolVersion v',
    'NoData n',
    'NoticeResponse N',
    'NotificationResponse A',
    'ParameterDescription t',
    'ParameterStatus S',
    'ParseComplete 1',
    'PortalSuspended s',
    'ReadyForQuery Z',
    'RowDescription T',
  ]);
});

t.test('a type byte has one name for each direction, and most have none', async (t) => {
  let named = 0;
  for (let type = 0; type < 256; type++) {
    const client = frontendName(type);
    const upstream = backendName(type);
    if (client !== undefined) t.equal(frontend[client], type);
    if (upstream !== undefined) t.equal(backend[upstream], type);
    named += Number(client !== undefined) + Number(upstream !== undefined);
  }
  t.equal(named, 14 + 24);
  t.equal(frontendName(0x44), 'Describe');
  t.equal(backendName(0x44), 'DataRow');
  t.equal(frontendName(256), undefined);
});
