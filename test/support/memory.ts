import { readFileSync, writeFileSync } from 'node:fs';

const megabyte = 1024 * 1024;

/** Resident memory of a process, megabytes: now, and the most since `forgetPeak`. From /proc. */
export function residentMb(processId: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { now: (kilobytes('VmRSS') * 1024) / megabyte, peak: (kilobytes('VmHWM') * 1024) / megabyte };
}

/** From now on the peak is counted anew (proc(5), clear_refs). */
export function forgetPeak(processId: number): void {
  writeFileSync(`/proc/${processId}/clear_refs`, '5');
}
