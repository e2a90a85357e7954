/** A statement that was seen, or that somebody approved, for one role of one tenant. */
export interface Known {
  readonly tenant: string;
  /** Null: users without a role. */
  readonly role: string | null;
  readonly fingerprint: string;
  /** False: it was refused, and is kept so that it can be approved. */
  isAllowed: boolean;
  count: number;
  readonly firstSeen: string;
  lastSeen: string;
  /** The text without its literals, cut; null where they can't be told apart. For people. */
  readonly shape: string | null;
}

/** Of one file. */
export const fingerprintsMax = 5_000;
export const refusedMax = 1_000;
const shapeCharactersMax = 300;

/** What somebody sees in the file, in its order. */
export interface FingerprintList {
  /** PostgreSQL's major version whose parser made them. */
  readonly parser: number;
  readonly known: readonly Known[];
}

export function keyOf({ tenant, role, fingerprint }: Pick<Known, 'tenant' | 'role' | 'fingerprint'>): string {
  return JSON.stringify([tenant, role, fingerprint]);
}

export function shownShape(shape: string | null): string | null {
  return shape === null || shape.length <= shapeCharactersMax ? shape : `${shape.slice(0, shapeCharactersMax)}...`;
}

/** A line for each, so that a change is a line of a difference. */
export function formatList({ parser, known }: FingerprintList): string {
  const lines = known.map(({ tenant, role, fingerprint, isAllowed, count, firstSeen, lastSeen, shape }) => {
    const status = isAllowed ? 'allowed' : 'refused';
    return JSON.stringify({ tenant, role, fingerprint, status, count, firstSeen, lastSeen, shape });
  });
  return `{"version":1,"parser":${parser},"fingerprints":[\n${lines.join(',\n')}\n]}\n`;
}

/** @throws Error that says what is wrong with the text */
export function parseList(text: string): FingerprintList {
  const read = JSON.parse(text) as { version?: unknown; parser?: unknown; fingerprints?: unknown };
  if (read?.version !== 1) throw new Error('is of another version; this one reads version 1');
  const { parser, fingerprints } = read;
  if (!Number.isInteger(parser) || !Array.isArray(fingerprints)) throw new Error('has no list of fingerprints');
  if (fingerprints.length > fingerprintsMax + refusedMax) throw new Error('has more fingerprints than are ever kept');
  const known = fingerprints.map((item: unknown, index) => {
    const one = readKnown(item);
    if (one === null) throw new Error(`has something else than a fingerprint in place ${index + 1}`);
    return one;
  });
  return { parser: parser as number, known };
}

function readKnown(item: unknown): Known | null {
  if (typeof item !== 'object' || item === null) return null;
  const { tenant, role, fingerprint, status, count, firstSeen, lastSeen, shape } = item as Record<string, unknown>;
  const isKnown =
    [tenant, fingerprint, firstSeen, lastSeen].every((text) => typeof text === 'string') &&
    [role, shape].every((text) => text === null || typeof text === 'string') &&
    (status === 'allowed' || status === 'refused') &&
    Number.isSafeInteger(count);
  if (!isKnown) return null;
  return { tenant, role, fingerprint, isAllowed: status === 'allowed', count, firstSeen, lastSeen, shape } as Known;
}
