import { Command } from 'commander';
import type { StatusReport } from '../admin/daemon-view.js';
import type { AdminConfig } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { ProxyError } from '../errors/proxy-error.js';
import { formatStatus } from './format-status.js';

const answerTimeoutMs = 5_000;

interface StatusOptions {
  readonly config: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('pools, breakers and clients of a running daemon')
    .option('--config <file>', 'the configuration that the daemon runs with', 'pgturnstile.yaml')
    .option('--json', 'the report as JSON')
    .addHelpText('after', '\nExamples:\n  pgturnstile status\n  pgturnstile status --json | jq .databases')
    .action(async ({ config: file, json }: StatusOptions) => {
      const { admin } = await loadConfig(file, process.env);
      const report = await fetchStatus(admin, file);
      process.stdout.write(json === true ? `${JSON.stringify(report, null, 2)}\n` : formatStatus(report));
    });
}

/**
 * Asks the daemon of a configuration how it is.
 *
 * @param file the configuration's, for messages
 * @throws ProxyError configInvalid, when it can't be asked; Error, when it doesn't answer as it should
 */
export async function fetchStatus(admin: AdminConfig | null, file: string): Promise<StatusReport> {
  if (admin === null)
    throw new ProxyError('configInvalid', `${file} has \`admin: off\`; give it an address and a token`);
  if (admin.token === null) throw new ProxyError('configInvalid', `${file} has no admin.token; add one and restart`);
  const origin = `http://${reachable(admin.host)}:${admin.port}`;
  const answer = await fetch(`${origin}/admin/status`, {
    headers: { authorization: `Bearer ${admin.token}` },
    signal: AbortSignal.timeout(answerTimeoutMs),
  }).catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw new Error(`no daemon answers at ${origin} (${reason}); start one with: pgturnstile serve --config ${file}`);
  });
  if (answer.status === 401)
    throw new Error(`the daemon at ${origin} has another admin.token than ${file}; restart it`);
  if (!answer.ok) throw new Error(`the daemon at ${origin} answered ${answer.status}`);
  return (await answer.json()) as StatusReport;
}

/** An address that stands for all of the machine's can be listened on, not connected to. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
