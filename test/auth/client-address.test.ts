import t from 'tap';
import {
  isInRange,
  isOnThisMachine,
  localAddress,
  networkOf,
  normaliseAddress,
} from '../../src/auth/client-address.js';
import type { Cidr } from '../../src/config/config.js';

const v4 = (address: string, prefix: number): Cidr => ({ address, prefix, family: 'ipv4' });
const v6 = (address: string, prefix: number): Cidr => ({ address, prefix, family: 'ipv6' });

t.test('an IPv4 client of an IPv6 socket has an IPv4 address', async (t) => {
  t.equal(normaliseAddress('::ffff:10.1.2.3'), '10.1.2.3');
  t.equal(normaliseAddress('10.1.2.3'), '10.1.2.3');
  t.equal(normaliseAddress('::1'), '::1');
  t.equal(normaliseAddress('::ffff:1'), '::ffff:1');
});

t.test('loopback and the Unix socket are this machine', async (t) => {
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', localAddress]) t.ok(isOnThisMachine(address), address);
  for (const address of ['10.0.0.1', '128.0.0.1', '::2', 'fe80::1%lo', '']) t.notOk(isOnThisMachine(address), address);
});

t.test('a range holds the addresses of its own family', async (t) => {
  const ten = v4('10.0.0.0', 8);
  t.ok(isInRange(ten, '10.255.0.1'));
  t.ok(isInRange(ten, '10.0.0.0'), 'asked again, from the memory');
  t.notOk(isInRange(ten, '11.0.0.1'));
  t.notOk(isInRange(v4('0.0.0.0', 0), '::1'));
  t.notOk(isInRange(v6('::', 0), '10.0.0.1'));
  t.ok(isInRange(v6('fe80::', 10), 'fe80::1%eth0'), 'a zone is no part of the address');
});

t.test('no range holds the Unix socket', async (t) => {
  t.notOk(isInRange(v4('0.0.0.0', 0), localAddress));
  t.notOk(isInRange(v6('::', 0), localAddress));
});

t.test('IPv6 addresses count by their /64', async (t) => {
  t.equal(networkOf('10.1.2.3'), '10.1.2.3');
  t.equal(networkOf(localAddress), localAddress);
  t.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
  t.equal(networkOf('2001:db8:1:2::9'), '2001:db8:1:2');
  t.equal(networkOf('2001:db8::9'), '2001:db8:0:0');
  t.equal(networkOf('::1'), '0:0:0:0');
  t.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0');
});
