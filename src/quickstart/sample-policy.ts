/** Who may do what in the sample shop. It is written into the data folder once, for its owner to change. */
export const samplePolicy = `# Who may do what in the sample shop. What no rule allows is refused.
# Change it, then send the daemon a SIGHUP: it reads this file again, and says so when something is wrong with it.
version: 1
roles: [analyst, clerk]
catalog: visible        # names of tables and columns can be looked up; what is in them can't
rules:
  - name: everyone in the shop reads it
    tables: [public.customers, public.products, public.orders]
    actions: [select]
  - name: analysts export orders
    roles: [analyst]
    tables: [public.orders]
    actions: [copy-out]
  - name: clerks take orders
    roles: [clerk]
    tables: [public.orders]
    actions: [insert, update]
  - name: no one reads salaries
    tables: [hr.salaries]
    actions: [select]
    effect: deny
`;
