import type { Config } from '../../../src/config/config.js';
import { parseConfig } from '../../../src/config/load-config.js';

/** A configuration from what a file would say; a database's url is filled in where it is null. */
export function configOf(yaml: string): Config {
  const url = "{ url: 'postgres://app@127.0.0.1:1/x' }";
  return parseConfig(yaml.replaceAll(/DB\b/g, url), '/nowhere/test.yaml', {});
}
