/** Asks until the answer is yes, for what no event tells of. Rejects with `what` when the deadline passes first. */
export async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  deadlineMs = 30_000,
): Promise<void> {
  const endsAt = Date.now() + deadlineMs;
  while (!(await isTrue())) {
    if (Date.now() > endsAt) throw new Error(`${what}: not in ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
