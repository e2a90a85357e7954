import t from 'tap';
import { failedSignIn, refusedByRules, throttled, unknownDatabase, unknownTenant } from '../../src/auth/refusals.js';

const refused = { address: '10.0.0.1', user: 'alice', database: 'sales', hasTls: false, isReplication: false };

t.test('a client that no rule is for hears what PostgreSQL says', async (t) => {
  const error = refusedByRules('no-entry', refused);
  t.match(error, { sqlstate: '28000', severity: 'FATAL' });
  t.equal(
    error.clientMessage,
    'no pg_hba.conf entry for host "10.0.0.1", user "alice", database "sales", no encryption',
  );
  t.match(refusedByRules('no-entry', { ...refused, hasTls: true }).clientMessage, /, SSL encryption$/);
});

t.test('a password in clear is refused with a hint', async (t) => {
  t.match(refusedByRules('needs-tls', refused), { sqlstate: '28000', hint: /needs TLS/ });
});

t.test('a wrong proof is 28P01 for passwords and 28000 for certificates', async (t) => {
  t.match(failedSignIn('scram-sha-256', 'x'), {
    sqlstate: '28P01',
    clientMessage: 'password authentication failed for user "x"',
  });
  t.match(failedSignIn('md5', 'x'), { sqlstate: '28P01' });
  t.match(failedSignIn('cert', 'x'), {
    sqlstate: '28000',
    clientMessage: 'certificate authentication failed for user "x"',
  });
});

t.test('what is not there is 3D000, and all of it is FATAL', async (t) => {
  t.match(unknownDatabase('x'), { sqlstate: '3D000', severity: 'FATAL', clientMessage: 'database "x" does not exist' });
  t.match(unknownTenant('x'), { sqlstate: '3D000', severity: 'FATAL', clientMessage: 'tenant "x" does not exist' });
  t.match(throttled(), { sqlstate: '53400', severity: 'FATAL' });
});
