/** As many as are run in CI, of each kind. */
const programsInCi = 200;
const secondsInCi = 180;

/** Which programs are run: `MODEL_SEED=n` replays one, else they go on from a random seed until one of the two is reached. */
export function programsToRun(): { first: number; programs: number; milliseconds: number } {
  const { MODEL_SEED, MODEL_PROGRAMS, MODEL_MINUTES } = process.env;
  const first = MODEL_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(MODEL_SEED);
  return {
    first,
    programs: MODEL_SEED === undefined ? Number(MODEL_PROGRAMS ?? programsInCi) : 1,
    milliseconds: (MODEL_MINUTES === undefined ? secondsInCi : Number(MODEL_MINUTES) * 60) * 1000,
  };
}

/** What shared lanes must have done for each program on average, so that the tests can't pass by sharing nothing. */
export interface Floors {
  readonly promoted: number;
  readonly answered: number;
  readonly parsed: number;
  readonly rescued: number;
}
