import t from 'tap';
import { parseCidr } from '../../src/config/cidr.js';

t.test('ranges and single addresses of both families are read', async (t) => {
  t.same(parseCidr('10.0.0.0/8'), { address: '10.0.0.0', prefix: 8, family: 'ipv4' });
  t.same(parseCidr('0.0.0.0/0'), { address: '0.0.0.0', prefix: 0, family: 'ipv4' });
  t.same(parseCidr('192.168.1.7'), { address: '192.168.1.7', prefix: 32, family: 'ipv4' });
  t.same(parseCidr('fd00::/8'), { address: 'fd00::', prefix: 8, family: 'ipv6' });
  t.same(parseCidr('::1'), { address: '::1', prefix: 128, family: 'ipv6' });
});

t.test('what is no range is none', async (t) => {
  const wrong = ['', '10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/8x'];
  for (const text of [...wrong, 'localhost', 'fe80::1%eth0', '010.0.0.1', '10.0.0.0 /8', '*'])
    t.equal(parseCidr(text), null, text);
});
