/** Which programs are run: `MODEL_SEED=n` replays one, else they go on from a random seed until one of the two is reached. */
export function programsToRun(
  programs: number,
  seconds: number,
): { first: number; programs: number; milliseconds: number } {
  const { MODEL_SEED, MODEL_PROGRAMS, MODEL_MINUTES } = process.env;
  const first = MODEL_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(MODEL_SEED);
  return {
    first,
    programs: MODEL_SEED === undefined ? Number(MODEL_PROGRAMS ?? programs) : 1,
    milliseconds: MODEL_MINUTES === undefined ? seconds * 1000 : Number(MODEL_MINUTES) * 60_000,
  };
}

/**
 * How many exchanges must have been answered by shared lanes and been parsed there for each program, and in the test of
 * isolation, so that the tests can't pass by sharing nothing. A machine that is too busy to answer in 5 ms shares
 * nothing: raise them where one is not.
 */
export const floors = { answered: 0, parsed: 0, isolated: 0 };
