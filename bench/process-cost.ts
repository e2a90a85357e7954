import { readFileSync } from 'node:fs';

// Linux counts in hundredths of a second towards user space, on every architecture.
const tickMs = 10;
const kilobyte = 1024;

export interface ProcessorTime {
  userMs: number;
  systemMs: number;
}

/** Processor time of a process so far, all its threads. Null where there is no /proc. */
export function processorTime(processId: number | null): ProcessorTime | null {
  const stat = processId === null ? null : readProc(`${processId}/stat`);
  if (stat === null) return null;
  // Behind the command, which stands in brackets and may hold anything, the 12th and 13th field are the two.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { userMs: Number(fields[11]) * tickMs, systemMs: Number(fields[12]) * tickMs };
}

/** Resident memory of a process, bytes. Null where there is no /proc. */
export function residentBytes(processId: number | null): number | null {
  const status = processId === null ? null : readProc(`${processId}/status`);
  const size = status?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return size === undefined ? null : Number(size) * kilobyte;
}

function readProc(name: string): string | null {
  try {
    return readFileSync(`/proc/${name}`, 'utf8');
  } catch {
    return null;
  }
}
