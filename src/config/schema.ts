import { z } from 'zod';
import { suggest } from './suggest.js';
import { ConfigScalar } from './yaml-tree.js';

/**
 * The form of a configuration file: which keys there are and what each takes. It fills in no defaults and knows
 * nothing of how keys hang together; `build-config.ts` does both.
 *
 * Every message is `what; what to do`, and none quotes a value. That of an unknown key is the list of the known ones.
 */

const msMax = 2_147_483_647; // what a timer of Node takes
const portMax = 65_535;
const workersMax = 1_000;
const countMax = 1_000_000_000;

/** Any scalar, as it was written: a password may look like a number. */
const text = z.preprocess(
  (given) => (given instanceof ConfigScalar && given.value !== null ? given.text : undefined),
  z.string({ error: 'must be a text; give it one, or leave the key out' }).min(1, 'is empty; leave the key out'),
);

/** A secret keeps what stands in the file itself beside it, so that what is readable there can be warned about. */
export interface WrittenText {
  readonly text: string;
  readonly written: string;
}

const writtenText = z.preprocess(
  (given) => {
    const isText = given instanceof ConfigScalar && given.value !== null && given.text !== '';
    return isText ? { text: given.text, written: given.written } : undefined;
  },
  z.custom<WrittenText>(
    (value) => value !== undefined,
    'must be a text that is not empty; give it one, or leave the key out',
  ),
);

function scalarValue(given: unknown): unknown {
  return given instanceof ConfigScalar ? given.value : given;
}

function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}; write one without unit or quotes`;
  return z.preprocess(scalarValue, z.int({ error }).min(min, error).max(max, error));
}

const milliseconds = whole(0, msMax);
const count = whole(0, countMax);
const flag = z.preprocess(scalarValue, z.boolean({ error: 'must be true or false; write one of them' }));

function oneOf<const T extends readonly string[]>(names: T) {
  return z.preprocess(
    (given) => (given instanceof ConfigScalar ? given.text : given),
    z.enum(names, { error: ({ input }) => `must be one of ${names.join(', ')}; ${advice(input, names)}` }),
  );
}

function advice(input: unknown, names: readonly string[]): string {
  const near = typeof input === 'string' ? suggest(input, names) : null;
  return near === null ? 'write one of them' : `did you mean ${near}?`;
}

/** A map with known keys. One that is left empty, its lines commented out, has none. */
function section<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.preprocess(
    emptyIfNothing,
    z.strictObject(shape, {
      error: ({ code }) =>
        code === 'unrecognized_keys'
          ? Object.keys(shape).join(' ')
          : 'must be a map; write its keys below it, indented',
    }),
  );
}

/** A map whose keys are names. */
function named<T extends z.ZodType>(of: T) {
  return z.preprocess(
    emptyIfNothing,
    z.record(z.string(), of, { error: 'must be a map of names; write each name with a colon below it, indented' }),
  );
}

function emptyIfNothing(given: unknown): unknown {
  return given instanceof ConfigScalar && given.value === null && given.text === '' ? {} : scalarValue(given);
}

function list<T extends z.ZodType>(of: T) {
  const error = 'must be a list; write [one, two], or a line with "- " for each';
  return z.preprocess(scalarValue, z.array(of, { error }));
}

/** A section that `off` takes out. */
function switchable<T extends z.ZodType>(of: T) {
  return z.preprocess((given) => {
    const isOff = given instanceof ConfigScalar && (given.text === 'off' || given.value === false);
    return isOff ? null : given;
  }, of.nullable());
}

const attribute = z.preprocess(
  (given) => (given instanceof ConfigScalar && given.value !== null ? given.text : given),
  z.union([z.string(), list(text)], { error: 'must be a text or a list of texts; nothing else is an attribute' }),
);

const userShape = {
  secret: writtenText.optional(),
  roles: list(text).optional(),
  attributes: named(attribute).optional(),
};

const pool = section({
  mode: oneOf(['auto', 'transaction', 'session']).optional(),
  size: whole(1, 100_000).optional(),
  min: whole(0, 100_000).optional(),
  reserve: whole(0, 100_000).optional(),
  reserveAfterMs: milliseconds.optional(),
  acquireTimeoutMs: milliseconds.optional(),
  idleTimeoutMs: milliseconds.optional(),
  lifetimeMs: milliseconds.optional(),
  rescueMs: whole(10, msMax).optional(),
  ignoreApplicationName: flag.optional(),
});

const breaker = section({
  errorThresholdPercent: whole(1, 100).optional(),
  minimumRequests: whole(1, countMax).optional(),
  windowMs: whole(1, msMax).optional(),
  resetAfterMs: whole(1, msMax).optional(),
});

const limits = section({
  clients: count.optional(),
  queryTimeoutMs: milliseconds.optional(),
  idleInTransactionMs: milliseconds.optional(),
  complexityMax: count.optional(),
  rowsMax: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  resultBytesMax: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  ratePerMinute: count.optional(),
  rateBurst: count.optional(),
});

const database = section({
  backend: oneOf(['postgres', 'sqlite']).optional(),
  url: writtenText.optional(),
  file: text.optional(),
  pool: pool.optional(),
  breaker: breaker.optional(),
  control: section({ url: writtenText }).optional(),
  replication: oneOf(['refuse', 'allow']).optional(),
  limits: limits.optional(),
});

const tenant = section({
  users: named(section(userShape)).optional(),
  databases: named(database).optional(),
  policies: list(text).optional(),
});

const listen = section({
  host: text.optional(),
  port: whole(0, portMax).optional(),
  socketDir: text.optional(),
  tls: section({
    mode: oneOf(['off', 'allow', 'require']).optional(),
    cert: text.optional(),
    key: text.optional(),
    clientCa: text.optional(),
  }).optional(),
  maxClients: whole(1, 1_000_000).optional(),
  startupTimeoutMs: whole(1, msMax).optional(),
  workers: z
    .preprocess(
      scalarValue,
      z.custom<number | 'auto'>(
        (given) => given === 'auto' || (Number.isInteger(given) && Number(given) >= 1 && Number(given) <= workersMax),
        `must be a number of processes from 1 to ${workersMax}, or auto; leave it out for one`,
      ),
    )
    .optional(),
});

const rule = section({
  tls: flag.optional(),
  cidr: text.optional(),
  users: list(text).optional(),
  databases: list(text).optional(),
  method: oneOf(['trust', 'password', 'md5', 'scram-sha-256', 'cert', 'oidc', 'reject']),
});

export const fileSchema = section({
  listen: listen.optional(),
  admin: switchable(
    section({ host: text.optional(), port: whole(0, portMax).optional(), token: writtenText.optional() }),
  ).optional(),
  auth: section({ rules: list(rule).optional() }).optional(),
  users: named(section({ ...userShape, tenants: list(text).optional() })).optional(),
  tenants: named(tenant).optional(),
  audit: switchable(
    section({
      file: text.optional(),
      rotateBytes: whole(4096, Number.MAX_SAFE_INTEGER).optional(),
      keep: whole(0, 100_000).optional(),
      keepDays: whole(0, 36_500).optional(),
      fsync: oneOf(['never', 'interval', 'always']).optional(),
      chain: flag.optional(),
      chainKey: writtenText.optional(),
      statements: oneOf(['shape', 'full', 'none']).optional(),
    }),
  ).optional(),
  log: section({
    level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional(),
    pretty: z
      .preprocess(
        scalarValue,
        z.union([z.literal('auto'), z.boolean()], {
          error: 'must be true, false or auto; leave it out for auto',
        }),
      )
      .optional(),
  }).optional(),
});

export type ConfigFile = z.infer<typeof fileSchema>;
export type FileUser = NonNullable<ConfigFile['users']>[string];
export type FileTenant = NonNullable<ConfigFile['tenants']>[string];
export type FileDatabase = NonNullable<FileTenant['databases']>[string];
export type FileRule = NonNullable<NonNullable<ConfigFile['auth']>['rules']>[number];
