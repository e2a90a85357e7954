import t from 'tap';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import { decide, type Principal } from '../../src/policy/decide.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { samplePolicy } from '../../src/quickstart/sample-policy.js';

t.test('what the guide says of the sample is so', async (t) => {
  const policies = loadPolicies([{ file: 'policy.yaml', text: samplePolicy }]);
  t.same(policies.warnings, []);
  const parser = new JudgeThreads();
  t.teardown(() => parser.close());
  const verdictOn = async (role: string, sql: string): Promise<string> => {
    const parsed = await parser.parse(sql, t);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed));
    const who: Principal = {
      ...{ user: role, tenant: 'default', roles: [role], attributes: {} },
      ...{ database: 'shop', searchPath: ['public'] },
    };
    return decide(policies, who, parsed.statements).verdict;
  };
  t.equal(await verdictOn('analyst', 'select city, count(*) from customers group by city'), 'allow');
  t.equal(await verdictOn('analyst', 'copy orders to stdout'), 'allow');
  t.equal(await verdictOn('analyst', 'select pg_backend_pid()'), 'allow');
  t.equal(await verdictOn('clerk', "update orders set status = 'sent' where id = 4"), 'allow');
  t.equal(await verdictOn('clerk', 'insert into orders (customer_id, product_id) values (1, 2) returning id'), 'allow');
  t.equal(await verdictOn('clerk', 'copy orders to stdout'), 'deny');
  t.equal(await verdictOn('clerk', 'delete from orders'), 'deny');
  t.equal(await verdictOn('analyst', "update orders set status = 'sent' where id = 4"), 'deny');
  t.equal(await verdictOn('analyst', 'select * from hr.salaries'), 'deny');
});
