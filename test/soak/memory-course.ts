import { residentMb } from '../support/memory.js';

/** The resident memory of a process over time, megabytes. */
export class MemoryCourse {
  readonly #readings: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(processId: number, everyMs: number) {
    this.#timer = setInterval(() => this.#readings.push(residentMb(processId).now), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get peak(): number {
    return Math.max(...this.#readings);
  }

  /** In a quarter of the time, 0 to 3: what was held then, for between two collections of garbage it goes up and down. */
  lowestOf(quarter: number): number {
    const { length } = this.#readings;
    return Math.min(...this.#readings.slice((quarter * length) / 4, ((quarter + 1) * length) / 4));
  }

  /** For people. */
  toString(): string {
    return [0, 1, 2, 3].map((quarter) => `${this.lowestOf(quarter).toFixed(1)} MB`).join(', ');
  }
}
