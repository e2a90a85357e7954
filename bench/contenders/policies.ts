const rule = {
  name: 'the benchmark does as it likes',
  roles: ['bench'],
  tables: ['public.*'],
  actions: ['select', 'insert', 'update', 'delete', 'truncate', 'copy-in', 'copy-out'],
};
/** pgbench looks for its tables' partitions before it starts. */
const lookAround = {
  name: 'pgbench looks around',
  roles: ['bench'],
  tables: ['pg_catalog.pg_class'],
  actions: ['select'],
};
/** All of pgbench's rows pass, so that what is measured is the filter and not that there is less to read. */
const filtered = {
  name: 'accounts of some branches, without what is written on them',
  roles: ['bench'],
  tables: ['public.pgbench_accounts'],
  actions: ['select'],
  rows: 'bid between 1 and 1000',
  columns: { mask: { filler: 'blank' } },
};

/** pgbench counts them to know its scale. */
const branches = {
  name: 'pgbench counts branches',
  roles: ['bench'],
  tables: ['public.pgbench_branches'],
  actions: ['select'],
};

/** What the benchmark's clients may do: all that the rows do; or to see accounts through a row filter and a mask. */
export const policies = {
  open: { version: 1, rules: [rule, lookAround] },
  filtered: { version: 1, masks: { blank: "repeat('*', 8)" }, rules: [filtered, branches, lookAround] },
} as const;
