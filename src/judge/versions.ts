let versions = 0;

/** Of what judges: never the same twice, and never 0. */
export function nextVersion(): number {
  versions += 1;
  return versions;
}
