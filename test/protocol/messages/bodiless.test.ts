import t from 'tap';
import {
  bindCompleteFrame,
  closeCompleteFrame,
  copyDoneFrame,
  emptyQueryResponseFrame,
  expectNoBody,
  flushFrame,
  noDataFrame,
  parseCompleteFrame,
  portalSuspendedFrame,
  syncFrame,
  terminateFrame,
} from '../../../protocol/messages/bodiless.js';

const golden: readonly (readonly [string, Buffer, string])[] = [
  ['Sync', syncFrame, '5300000004'],
  ['Flush', flushFrame, '4800000004'],
  ['Terminate', terminateFrame, '5800000004'],
  ['CopyDone', copyDoneFrame, '6300000004'],
  ['ParseComplete', parseCompleteFrame, '3100000004'],
  ['BindComplete', bindCompleteFrame, '3200000004'],
  ['CloseComplete', closeCompleteFrame, '3300000004'],
  ['NoData', noDataFrame, '6e00000004'],
  ['PortalSuspended', portalSuspendedFrame, '7300000004'],
  ['EmptyQueryResponse', emptyQueryResponseFrame, '4900000004'],
];

for (const [name, frame, hex] of golden) {
  t.test(`${name} is its type and the length of nothing`, async (t) => {
    t.equal(frame.toString('hex'), hex);
  });
}

t.test('a body where none belongs is an error that leaves the connection usable', async (t) => {
  expectNoBody(Buffer.alloc(0));
  t.throws(() => expectNoBody(Buffer.of(0)), { message: 'invalid message format', sqlstate: '08P01', fatal: false });
});
