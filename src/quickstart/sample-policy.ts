/** Who may do what in the sample shop. It is written into the data folder once, for its owner to change. */
export const samplePolicy = `# Who may do what in the sample shop. What no rule allows is refused.
# Change it, then send the daemon a SIGHUP: it reads this file again, and says so when something is wrong with it.
version: 1
roles: [analyst, clerk]
masks:
  initial: "left(value, 1) || '***@' || split_part(value, '@', 2)"
rules:
  - name: everyone in the shop reads what it sells and has sold
    tables: [public.products, public.orders]
    actions: [select]
  - name: analysts read customers, not how to write to them
    roles: [analyst]
    tables: [public.customers]
    actions: [select]
    columns: { mask: { email: initial } }
  - name: clerks read customers of their towns
    roles: [clerk]
    tables: [public.customers]
    actions: [select]
    rows: "city in ('Porto', 'Graz')"
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
