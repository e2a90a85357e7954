import { Command } from 'commander';
import { eventTriggerScript } from '../catalog/event-trigger.js';

export function eventTriggerCommand(): Command {
  return new Command('event-trigger')
    .description('print the SQL that makes a policed database tell of changes at once, and not within a second')
    .addHelpText('after', '\nExample:\n  pgturnstile event-trigger | psql -U postgres sales')
    .action(() => {
      process.stdout.write(eventTriggerScript());
    });
}
