/** Milliseconds of processor time that this process has taken, all its threads: the clock of a machine that isn't busy. */
export function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
