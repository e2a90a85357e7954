import type { Member } from './member.js';

/** Those of the channels that the server says a client listens on. */
export async function channelsHeard(member: Member, channels: readonly string[]): Promise<string[]> {
  const answer = await member.ask('select c from pg_listening_channels() c order by c');
  return channels.filter((channel) => answer.some((line) => line.startsWith('D') && line.endsWith(channel)));
}

/** Reads until the last notification of each channel has come. */
export async function heardAll(member: Member, channels: readonly string[]): Promise<void> {
  for (const channel of channels) {
    const isHeard = member.notifications.includes(`A ${channel}\0the end\0`);
    if (!isHeard) await member.until(({ type, body }) => type === 'A' && body.includes(`${channel}\0the end`));
  }
}
