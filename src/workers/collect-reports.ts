import type { WorkerStatus } from '../admin/daemon-view.js';
import type { Member } from './crew.js';
import type { WorkerReport } from './messages.js';

const reportWithinMs = 1_000;

/** Fetches every worker's numbers, which are its member's `report` then. Gives those that did not answer. */
export async function collectReports(members: readonly Member[]): Promise<ReadonlySet<Member>> {
  const silent = new Set<Member>();
  const ask = async (member: Member) => {
    try {
      member.report = (await member.channel.ask({ kind: 'report' }, reportWithinMs)) as WorkerReport;
    } catch {
      silent.add(member);
    }
  };
  await Promise.all(members.filter(({ state }) => state !== 'starting').map(ask));
  return silent;
}

export function workerStatus(member: Member, isSilent: boolean): WorkerStatus {
  const { number, pid, state, startedAt, report } = member;
  return {
    number,
    pid,
    state: isSilent ? 'silent' : state,
    startedAt: startedAt.toISOString(),
    clients: report?.status.clients.current ?? 0,
    memoryBytes: report?.memoryBytes ?? 0,
  };
}
