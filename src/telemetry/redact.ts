/** What stands where a secret was. */
export const redacted = '[redacted]';

const secretName =
  /pass(word|wd|phrase)?$|pwd$|secret|token|verifier|(client|server|stored|private)_?key|credential|authorization/i;

/** Secrets that give themselves away by their form, and what is kept of each. Used on whole log lines, JSON or not. */
const secretForms: readonly (readonly [RegExp, string])[] = [
  // A quote in a password is escaped in a JSON line, so an escaped character is part of the URL.
  [/([a-z][a-z0-9+.-]{1,30}:\/\/[^\s:@/"\\]*):(?:[^\s"\\]|\\.)*@/gi, `$1:${redacted}@`],
  [/\b((?:ssl)?password|passwd|pwd|secret|token)=('(?:[^'\\]|\\.)*'|[^\s,;&"}]+)/gi, `$1=${redacted}`],
  [/\bpassword(\s+)'(?:[^']|'')*'/gi, `password$1'${redacted}'`],
  [/SCRAM-SHA-256\$[^\s"']+/g, `SCRAM-SHA-256$$${redacted}`],
  [/\bmd5[0-9a-f]{32}\b/g, `md5${redacted}`],
  [/\bBearer\s+[A-Za-z0-9._~+/=-]+/g, `Bearer ${redacted}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*/g, redacted],
];

/** C0 and C1 controls, line and paragraph separators, and what turns the direction of text. */
const unsafeCharacter = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** Those of them that JSON leaves as they are. */
const unsafeInJson = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const depthMax = 5;
const entriesMax = 100;

/** A finished JSON log line without what looks like a secret, and without a character that a terminal acts upon. */
export function redactText(line: string): string {
  let clean = line;
  for (const [form, kept] of secretForms) clean = clean.replace(form, kept);
  return clean.replace(unsafeInJson, escapeCharacter);
}

/** Text from outside, with control characters made visible, so that it stays on its line and off the terminal. */
export function safeText(text: string): string {
  return text.replace(unsafeCharacter, escapeCharacter);
}

/** The same for what may have several lines. */
export function safeLines(text: string): string {
  return text.replace(unsafeCharacter, (character) =>
    /[\n\t]/.test(character) ? character : escapeCharacter(character),
  );
}

/**
 * A copy of an object of log fields in which every field that is called like a secret is replaced, at any depth up to
 * five, and every string is safe. An error under `err` or `error` stays, for the logger's own serializer.
 */
export function redactValues(fields: Record<string, unknown>): Record<string, unknown> {
  return redactFields(Object.entries(fields), 1);
}

/** An error as log fields. Only what is named here is taken, since anything may hang on an error. */
export function describeError(error: unknown): Record<string, unknown> {
  return describeCause(error, 1);
}

function redactFields(fields: Iterable<[unknown, unknown]>, depth: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let entries = 0;
  for (const [key, value] of fields) {
    if (++entries > entriesMax) break;
    const name = safeText(String(key));
    const isError = depth === 1 && (name === 'err' || name === 'error') && value instanceof Error;
    kept[name] = isError ? value : isSecret(name, value) ? redacted : redactValue(value, depth);
  }
  return kept;
}

function isSecret(name: string, value: unknown): boolean {
  return secretName.test(name) && value !== null && value !== undefined && typeof value !== 'boolean';
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return safeText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeCause(value, depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (depth >= depthMax) return '[...]';
  if (Array.isArray(value)) return value.slice(0, entriesMax).map((item) => redactValue(item, depth + 1));
  if (value instanceof Map) return redactFields(value, depth + 1);
  if (value instanceof Set) return [...value].slice(0, entriesMax).map((item) => redactValue(item, depth + 1));
  return redactFields(Object.entries(value), depth + 1);
}

function describeCause(error: unknown, depth: number): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: safeText(String(error)) };
  const fields: Record<string, unknown> = { type: safeText(error.name), message: safeText(error.message) };
  const known = error as Error & Record<string, unknown>;
  for (const name of ['code', 'sqlstate', 'syscall', 'address', 'port', 'path', 'detail', 'hint']) {
    const value = known[name];
    if (typeof value === 'string' || typeof value === 'number') fields[name] = redactValue(value, depth);
  }
  // Where an error that was expected came from helps nobody.
  const isExpected = fields.sqlstate !== undefined || fields.syscall !== undefined;
  if (!isExpected && error.stack !== undefined)
    fields.stack = `${fields.type}: ${fields.message}${framesOf(error.stack)}`;
  if (error.cause !== undefined && depth < depthMax) fields.cause = describeCause(error.cause, depth + 1);
  return fields;
}

/** The message that a stack begins with may be text from outside. */
function framesOf(stack: string): string {
  const at = stack.search(/\n {4}at /);
  return at < 0 ? '' : stack.slice(at);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
