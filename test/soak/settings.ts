import { seedFrom } from '../support/random.js';

const millisecondsInCi = 40_000;
const patienceMs = 160_000;
/** From here on it is long enough to tell a leak from warming up. */
const longMs = 5 * 60_000;

export interface SoakSettings {
  readonly seed: number;
  readonly milliseconds: number;
  /** On a machine with much else to do it goes on until enough was done, and so long at most. */
  readonly millisecondsMax: number;
  readonly isLong: boolean;
  /** Between two faults, on average. */
  readonly faultEveryMs: number;
  /** Between two that restart the server. */
  readonly killEveryMs: number;
}

/** `SOAK_MINUTES=n` says how long a soak is, `SOAK_SEED=n` what drives it. */
export function soakSettings(): SoakSettings {
  const { SOAK_SEED, SOAK_MINUTES } = process.env;
  const milliseconds = SOAK_MINUTES === undefined ? millisecondsInCi : Number(SOAK_MINUTES) * 60_000;
  const isLong = milliseconds >= longMs;
  const faults = isLong ? { faultEveryMs: 2500, killEveryMs: 90_000 } : { faultEveryMs: 800, killEveryMs: 20_000 };
  const seed = seedFrom(SOAK_SEED);
  return { seed, milliseconds, millisecondsMax: milliseconds + patienceMs, isLong, ...faults };
}
