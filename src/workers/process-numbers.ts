import { type ProcessIds, serverProcessIdMax } from '../session/cancel.js';

/** The upper 11 of the 31 bits of a process id say which worker it is of. */
const idsPerWorker = 2 ** 20;
const firstPart = serverProcessIdMax / idsPerWorker;

/** Workers that live at the same time: twice what a configuration may ask for, since a restart has both. */
export const workersMax = 2 ** 11 - firstPart;

/** The process ids that a worker gives to its clients. */
export function processIdsOf(worker: number): ProcessIds {
  return { first: (firstPart + worker) * idsPerWorker + 1, count: idsPerWorker - 1 };
}

/** Whose client has such an id; a number that no worker has, if it is nobody's. */
export function workerOf(processId: number): number {
  return Math.floor(processId / idsPerWorker) - firstPart;
}
