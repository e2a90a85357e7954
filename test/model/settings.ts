import { seedFrom } from '../support/random.js';

/** As many as are run in CI, of each kind. */
const programsInCi = 200;
const secondsInCi = 240;
/** How often one program is replayed: its reads are shared when they have been fast a few times. */
const replays = 40;

/** Which programs are run: `MODEL_SEED=n` replays one a few times, else they go on from a random seed until one of the two is reached. */
export function programsToRun(): { first: number; programs: number; milliseconds: number; isReplay: boolean } {
  const { MODEL_SEED, MODEL_PROGRAMS, MODEL_MINUTES } = process.env;
  const first = seedFrom(MODEL_SEED);
  return {
    first,
    isReplay: MODEL_SEED !== undefined,
    programs: MODEL_SEED === undefined ? Number(MODEL_PROGRAMS ?? programsInCi) : replays,
    milliseconds: (MODEL_MINUTES === undefined ? secondsInCi : Number(MODEL_MINUTES) * 60) * 1000,
  };
}

/**
 * What shared lanes must have done for each program on average, so that the tests can't pass by sharing nothing. What is read
 * again and again is promoted and parsed once for all programs of a run: of that a long run has less for each.
 */
export interface Floors {
  readonly promoted: number;
  readonly answered: number;
  readonly parsed: number;
  readonly rescued: number;
}
