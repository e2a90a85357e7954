import { type ConfigIssue, formatIssue } from './config-error.js';
import type { Place, TreePath, YamlTree } from './yaml-tree.js';

const nameShownMax = 80;

/** What is wrong and what is doubtful in one file, each with its place. */
export class Findings {
  readonly errors: ConfigIssue[] = [];
  readonly warnings: string[] = [];
  /** A secret stands in the file itself. */
  holdsSecret = false;
  readonly #file: string;
  readonly #tree: Pick<YamlTree, 'placeOf'>;

  constructor(file: string, tree: Pick<YamlTree, 'placeOf'>) {
    this.#file = file;
    this.#tree = tree;
  }

  /** @param message `what; what to do`, of the value at `path` */
  error(path: TreePath, message: string): void {
    this.errorAt(this.#tree.placeOf(path), withSubject(path, message));
  }

  warn(path: TreePath, message: string): void {
    this.warnings.push(formatIssue(this.#issue(this.#tree.placeOf(path), withSubject(path, message))));
  }

  /** As `error`, for a message that names its subject itself. */
  errorOf(path: TreePath, message: string): void {
    this.errorAt(this.#tree.placeOf(path), message);
  }

  errorAt(place: Place, message: string): void {
    this.errors.push(this.#issue(place, message));
  }

  #issue(place: Place, text: string): ConfigIssue {
    const [message = '', ...hint] = text.split('; ');
    return { file: this.#file, ...place, message, hint: hint.join('; ') };
  }
}

/** `tenants.default.databases.sales.url: ...` */
function withSubject(path: TreePath, message: string): string {
  return path.length === 0 ? message : `${formatPath(path)}: ${message}`;
}

export function formatPath(path: TreePath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return `${index === 0 ? '' : '.'}${formatName(String(part))}`;
    })
    .join('');
}

/** A name from the file, made fit for one line. */
export function formatName(name: string): string {
  const shown = name.length > nameShownMax ? `${name.slice(0, nameShownMax)}...` : name;
  return /^[A-Za-z0-9_*-]+$/.test(shown) ? shown : JSON.stringify(shown).replaceAll(';', ',');
}
