import t from 'tap';
import { isUpstreamFault } from '../../src/breaker/is-upstream-fault.js';
import { ProxyError } from '../../src/errors/proxy-error.js';

t.test('what never came to an answer is the upstream’s fault', async (t) => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'CERT_HAS_EXPIRED']) {
    t.ok(isUpstreamFault(Object.assign(new Error(code), { code })), code);
  }
  t.ok(isUpstreamFault('thrown text'));
  t.ok(isUpstreamFault(new ProxyError('upstreamUnavailable', 'no server')));
  t.ok(isUpstreamFault(new ProxyError('upstreamLost', 'gone')));
});

t.test('a server that says it is in trouble is at fault', async (t) => {
  for (const sqlstate of ['57P02', '57P03', '53300', '53200', '58030', 'XX000', '08006']) {
    t.ok(isUpstreamFault(Object.assign(new Error('x'), { sqlstate })), sqlstate);
  }
});

t.test('a server that ends a session because it was told to is well', async (t) => {
  for (const sqlstate of ['57P01', '57P04', '57P05', '25P03']) {
    t.notOk(isUpstreamFault(Object.assign(new Error('x'), { sqlstate })), sqlstate);
  }
});

t.test('a server that knows what is wrong with the client is well', async (t) => {
  for (const sqlstate of ['08P01', '28P01', '28000', '3D000', '42704', '22023', '42501', '55000', '57014', '0A000']) {
    t.notOk(isUpstreamFault(Object.assign(new Error('x'), { sqlstate })), sqlstate);
  }
});
