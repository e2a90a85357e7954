/**
 * `${NAME}`, `${NAME:-default}` and `file:PATH` in the values of a configuration.
 *
 * References are put in after the YAML was parsed, so that no value of the environment can add a key. But a brace ends
 * a plain scalar in `{ token: ${TOKEN} }`: before parsing, the characters of each reference, and of `{tenant}`, are
 * shifted into a private area of Unicode, one for one so that every position stays what it was.
 */
const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;
const maskable = /\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}'"\\\n]*)?\}|\{tenant\}/g;
const maskStart = 0xe000;
const masked = /[\ue000-\ue07f]/g;
const secretFileBytesMax = 1 << 20;

export function maskReferences(yaml: string): string {
  // A file that has such characters of its own must quote its references.
  if (/[\ue000-\ue07f]/.test(yaml)) return yaml;
  return yaml.replace(maskable, (text) => text.replace(/[^A-Za-z0-9_]/g, shift));
}

export function unmaskReferences(text: string): string {
  return text.replace(masked, (character) => String.fromCharCode(character.charCodeAt(0) - maskStart));
}

function shift(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x80 ? String.fromCharCode(code + maskStart) : character;
}

/** Where references lead. */
export interface ReferenceSources {
  readonly env: NodeJS.ProcessEnv;
  /** Reads a file named relative to the configuration; throws as `fs.readFileSync` does. */
  readonly readFile: (path: string) => string;
}

export interface Resolved {
  readonly text: string;
  /** The value is one reference and nothing else. */
  readonly isReference: boolean;
  /** What stands in the file itself: the text with nothing for each reference, or its default. */
  readonly written: string;
}

/** Thrown with the sentence for the message: names the variable or file, never a content. */
export class UnresolvedReference extends Error {}

/** @param raw a scalar of the file, unmasked */
export function resolveReferences(raw: string, sources: ReferenceSources): Resolved {
  if (raw.startsWith('file:')) {
    const path = expand(raw.slice('file:'.length), sources.env);
    return { text: readSecretFile(path, sources), isReference: true, written: '' };
  }
  const isReference = new RegExp(`^${reference.source}$`).test(raw);
  const written = raw.replace(reference, (_text, _name, byDefault: string | undefined) => byDefault ?? '');
  return { text: expand(raw, sources.env), isReference, written };
}

/** As the shell has it: `:-` also replaces an empty value. */
function expand(raw: string, env: NodeJS.ProcessEnv): string {
  const text = raw.replace(reference, (_text, name: string, byDefault: string | undefined) => {
    const value = env[name];
    if (byDefault !== undefined) return value === undefined || value === '' ? byDefault : value;
    if (value !== undefined) return value;
    throw new UnresolvedReference(`the environment variable ${name} is not set; set it, or write \${${name}:-default}`);
  });
  if (raw.replace(reference, '').includes('${')) {
    throw new UnresolvedReference(`a reference is not closed or has no name; write \${NAME} or \${NAME:-default}`);
  }
  return text;
}

function readSecretFile(path: string, sources: ReferenceSources): string {
  let text: string;
  try {
    text = sources.readFile(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new UnresolvedReference(`the file ${path} could not be read (${reason}); check the path and its permissions`);
  }
  if (text.length > secretFileBytesMax)
    throw new UnresolvedReference(`the file ${path} is larger than 1 MiB; name another`);
  return text.replace(/\r?\n$/, '');
}
