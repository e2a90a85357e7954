import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Cidr } from '../config/config.js';

/** What a client of the Unix socket has for an address; PostgreSQL's own word. */
export const localAddress = '[local]';

const mappedPrefix = '::ffff:';
/** Sites get a /64 at least: who has one IPv6 address has 2^64 of them. */
const networkGroups = 4;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const rangeOf = new WeakMap<Cidr, BlockList>();

/** A socket's `remoteAddress` in the form that rules and messages use: IPv4 where it is one. */
export function normaliseAddress(remoteAddress: string): string {
  const isMapped = remoteAddress.startsWith(mappedPrefix) && remoteAddress.includes('.');
  return isMapped ? remoteAddress.slice(mappedPrefix.length) : remoteAddress;
}

/** Whether nobody between the client and us can listen: the same machine. */
export function isOnThisMachine(address: string): boolean {
  return address === localAddress || contains(loopback, address);
}

export function isInRange(cidr: Cidr, address: string): boolean {
  // As in pg_hba.conf, `::/0` is every IPv6 address and no other; a BlockList would take IPv4 for a part of it.
  if (cidr.family === 'ipv6' ? !isIPv6(address) : !isIPv4(address)) return false;
  let range = rangeOf.get(cidr);
  if (range === undefined) {
    range = new BlockList();
    range.addSubnet(cidr.address, cidr.prefix, cidr.family);
    rangeOf.set(cidr, range);
  }
  return contains(range, address);
}

/** Whom to count failures for: the address, of IPv6 its /64. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = withoutZone(address).split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + behind < 8) groups.push('0');
  }
  return groups.slice(0, networkGroups).join(':');
}

function contains(range: BlockList, address: string): boolean {
  return isIPv6(address) ? range.check(withoutZone(address), 'ipv6') : range.check(address, 'ipv4');
}

/** `fe80::1%eth0` is how a link-local address comes. */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}
