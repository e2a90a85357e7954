/**
 * Lets one of many like events through to the log: the first at once, then at most one in each interval.
 *
 * @param say is given the event, and how many were passed over since the one before
 */
export function occasionally<Event>(
  intervalMs: number,
  say: (event: Event, passedOver: number) => void,
  now: () => number = () => performance.now(),
): (event: Event) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  let passedOver = 0;
  return (event) => {
    if (now() - saidAt < intervalMs) {
      passedOver += 1;
      return;
    }
    saidAt = now();
    const count = passedOver;
    passedOver = 0;
    say(event, count);
  };
}
