/** The files that `pgturnstile init` writes: an example that runs as it is, and says what else there is. */
export interface InitialUser {
  readonly name: string;
  /** A SCRAM verifier. */
  readonly secret: string;
}

export function initialConfig(user: InitialUser): string {
  return `# pgturnstile: every key is optional, and an unknown one is an error. \`pgturnstile check\` says what is wrong where.
# \${NAME} and \${NAME:-default} come from the environment, file:PATH from a file, in any value.
# Relative paths start here.

listen:
  host: 127.0.0.1
  port: 6432
  # socketDir: /run/pgturnstile       # a Unix socket as well
  tls: { mode: allow, cert: certs/server.crt, key: certs/server.key }   # mode: off, allow or require
  # maxClients: 10000

# admin: { host: 127.0.0.1, port: 6433, token: \${PGTURNSTILE_ADMIN_TOKEN} }   # \`admin: off\` for none

# Who may connect how; the first rule that matches decides. Without rules: scram-sha-256, and only TLS off loopback.
# auth:
#   rules:
#     - { tls: true, cidr: 10.0.0.0/8, method: scram-sha-256 }
#     - { method: reject }

users:
  ${user.name}:
    secret: ${user.secret}
    roles: [analyst]
    # tenants: [default]              # where the user may connect; ['*'] for everywhere
    # attributes: { regions: [EU] }   # for policies

tenants:
  default:
    databases:
      # The account that is used at the server. Its password comes from the environment, percent-encoded as in any URL.
      '*':
        url: postgres://\${APP_USER:-postgres}:\${APP_PASSWORD:-}@127.0.0.1:5432/*
        # pool: { mode: auto, size: 20 }                      # auto, transaction or session
        # limits: { clients: 200, queryTimeoutMs: 30000 }
    # With policies, what no rule allows is refused. Without any, everything is allowed.
    policies: [policies/example.yaml]

audit: { file: audit.jsonl }          # \`audit: off\` for none
log: { level: info }
`;
}

export const initialPolicy = `# What the sessions of this tenant may do. What no rule allows is refused with 42501.
version: 1
masks:                                # SQL over \`value\`, for columns below
  last4: "repeat('*', 8) || right(value, 4)"
rules:
  - name: analysts read everything in public
    roles: [analyst]                  # or users: [...]; left out: everyone of the tenant
    tables: [public.*]                # schema.table, schema.*, *.*
    actions: [select, copy-out]       # select insert update delete truncate copy-in copy-out lock analyze
  # Columns are withheld as soon as one rule says so. Rows are joined: a rule without \`rows\`, as the one above, gives all.
  # - name: analysts see no secrets of customers
  #   roles: [analyst]
  #   tables: [public.customers]
  #   actions: [select]
  #   columns: { hide: [password_hash], mask: { phone: last4, email: "'hidden'" } }
  # - name: clerks read and write their own orders
  #   roles: [clerk]
  #   tables: [public.orders]
  #   actions: [select, insert, update]
  #   rows: "clerk = :user.name"      # also :user.NAME (an attribute), :tenant.id
  # - name: no one reads salaries
  #   tables: [public.salaries]
  #   actions: [select]
  #   effect: deny
catalog: filtered                     # psql's \\d and drivers see what one may use; or visible, hidden
# firewall: { mode: learn, file: firewall.json }   # then enforce: only statements that were learned
`;

/** For the first user's role: the policy is tested before it is in force. */
export const initialCases = `# What the policy beside this file is to say. \`pgturnstile check\` runs these.
user: alice
roles: [analyst]
cases:
  - { sql: select * from orders, verdict: allow }
  - { sql: delete from orders, verdict: deny }
`;

/** Keys, certificates and what was recorded do not belong into a repository. */
export const initialGitignore = `certs/
audit.jsonl*
`;
