import { Metrics } from '../telemetry/metrics.js';
import { addSnapshot, takeSnapshot, withoutGauges } from '../telemetry/metrics-snapshot.js';
import type { Member } from './crew.js';

/** The metrics of all workers together, those included that have ended. */
export class Numbers {
  /** What those have counted that are gone. */
  readonly #gone = new Metrics();
  readonly #own: Metrics;

  /** @param own those of the primary, which scrapes ask */
  constructor(own: Metrics) {
    this.#own = own;
  }

  /** A worker has ended: what it had counted when it last said so stays counted. */
  keepOf({ report, state }: Pick<Member, 'report' | 'state'>): void {
    if (state !== 'starting') this.#gone.workers[state === 'draining' ? 'stopped' : 'crashed'] += 1;
    if (report !== null) addSnapshot(this.#gone, withoutGauges(report.numbers));
  }

  /** Scrapes show the sum of what all have last said. */
  show(members: readonly Member[]): void {
    const sum = new Metrics();
    const parts = members.flatMap(({ report }) => (report === null ? [] : [report.numbers]));
    for (const part of [takeSnapshot(this.#gone), takeSnapshot(this.#own), ...parts]) addSnapshot(sum, part);
    for (const { state } of members) sum.workers[state] += 1;
    this.#own.show(sum);
  }
}
