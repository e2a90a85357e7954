import { leavesSessionAlone } from './harmless-functions.js';
import { columnNameWords, reservedWords } from './keywords.js';
import { Scanner, token } from './scan.js';
import type { StatementEffect } from './session-effects.js';
import { endsWithTransaction } from './setting-effects.js';
import type { StatementReader } from './statement-reader.js';

/** Words that stand before a parenthesis without being a function, beside those that can't name one. */
const grammarWords = new Set(
  `by columns concurrently conflict copy cube filter hash include inherits insert join key list materialized operator
  options over partition range rollup set sets verbose analyze within without zone`.split(/\s+/),
);

/** Words behind which a name and a parenthesis are a relation or alias with its columns, or a type with its length. */
const namingWords = new Set(
  'into as with recursive references copy table exists only tablesample ordinality'.split(' '),
);

/** The effect of a statement that runs queries, from any word before the first call: what looks like a call is one. */
export function readCalls(reader: StatementReader, command: string): StatementEffect {
  const calls = new CallReader(reader, command);
  while (!reader.isAtStatementEnd) calls.step();
  return { command, effect: calls.effect, names: calls.names, target: null };
}

/** Calls of set_config that are looked into; with more of them the server is asked. */
const setConfigsMax = 100;

const drawing = new Set(['nextval', 'setval']);
const seeing = new Set(['currval', 'lastval']);

/** A rule of it makes set_config() of UPDATE (PG 54.24). */
const settingsView = 'pg_settings';
const updating = new Set(['update', 'with', 'explain']);

const lookAheadTokensMax = 1_000;

/** Of the names that tell of prepared statements; the longest has an s and quotes. */
const preparedCharsMin = 'pg_prepared_statement'.length;

/** A pass over the tokens of one statement, on the hot path of a new text: no objects, words are cut out when needed. */
class CallReader {
  readonly names: string[] = [];
  private isUnknown = false;
  private isLasting = false;
  private setConfigs = 0;
  /** The token before this one. */
  private lastKind: number = token.end;
  private lastStart = 0;
  private lastEnd = 0;
  /** The dotted name that the last token ends, if it is one: how many parts, the part before, the token before it all. */
  private parts = 0;
  private schemaStart = 0;
  private schemaEnd = 0;
  private beforeKind: number = token.end;
  private beforeStart = 0;
  private beforeEnd = 0;

  constructor(
    private readonly reader: StatementReader,
    private readonly command: string,
  ) {}

  get effect(): StatementEffect['effect'] {
    if (this.isUnknown) return 'unknown';
    if (this.isLasting) return 'settings';
    return this.names.length > 0 ? 'local' : 'none';
  }

  step(): void {
    const { reader } = this;
    const { kind, start, end } = reader.scanner;
    if (kind === token.word || kind === token.quotedName) {
      this.passName(start, end);
    } else {
      if (this.parts > 0 && reader.isAtOpening) this.passCall();
      if (!reader.isAtDot) this.parts = 0;
    }
    this.lastKind = kind;
    this.lastStart = start;
    this.lastEnd = end;
    reader.advance();
  }

  private passName(start: number, end: number): void {
    const { text } = this.reader;
    const continues = this.parts > 0 && this.lastKind === token.punctuation;
    if (continues) {
      this.parts++;
    } else {
      this.parts = 1;
      this.beforeKind = this.lastKind;
      this.beforeStart = this.lastStart;
      this.beforeEnd = this.lastEnd;
    }
    if (this.parts === 1) {
      this.schemaStart = start;
      this.schemaEnd = end;
      const first = text.charCodeAt(start) | 0x20;
      if (first === 0x74 || first === 0x70 || first === 0x22) this.checkTemporary();
    }
    const length = end - start;
    if (length >= preparedCharsMin && length <= preparedCharsMin + 3) this.checkPrepared();
    if (length >= settingsView.length && length <= settingsView.length + 2 && updating.has(this.command)) {
      if (this.cut(start, end) === settingsView) this.isUnknown = true;
    }
  }

  /** SELECT INTO TEMP t, and whatever names the temporary schema. */
  private checkTemporary(): void {
    const name = this.cut(this.reader.scanner.start, this.reader.scanner.end);
    if (name.startsWith('pg_temp')) this.isUnknown = true;
    if (name !== 'temp' && name !== 'temporary') return;
    if (this.before === 'into' && this.command !== 'insert' && this.command !== 'merge') this.isUnknown = true;
  }

  private checkPrepared(): void {
    const name = this.cut(this.reader.scanner.start, this.reader.scanner.end);
    if (name === 'pg_prepared_statement' || name === 'pg_prepared_statements') this.reader.namesPrepared = true;
  }

  private passCall(): void {
    if (this.parts > 2) {
      this.isUnknown = true;
      return;
    }
    const isWord = this.lastKind === token.word;
    const name = this.cut(this.lastStart, this.lastEnd);
    if (this.parts === 1 && isWord && isGrammar(name)) return;
    if (this.namesNoFunction()) return;
    if (this.parts === 2 && this.cut(this.schemaStart, this.schemaEnd) !== 'pg_catalog') this.isUnknown = true;
    else if (name === 'set_config') this.passSetConfig();
    else if (drawing.has(name)) this.reader.drawsNumbers = true;
    else if (seeing.has(name)) this.reader.seesNumbers = true;
    else if (!leavesSessionAlone(name)) this.isUnknown = true;
  }

  /** Behind AS, INTO, `::` and others, and behind a parenthesis: `from (values (1)) t(a)`. */
  private namesNoFunction(): boolean {
    const { before } = this;
    if (this.command === 'create index' && (before === 'on' || before === 'using')) return true;
    return before === '::' || before === ')' || namingWords.has(before);
  }

  /** set_config('name', ..., true) is SET LOCAL. With a name that isn't a literal it may be anything. */
  private passSetConfig(): void {
    // Each looks ahead to its end, which inside each other would take quadratic time.
    if (++this.setConfigs > setConfigsMax) this.isUnknown = true;
    if (this.isUnknown) return;
    const arguments_ = new Scanner(this.reader.text);
    arguments_.end = this.reader.scanner.end;
    if (arguments_.next() !== token.string) {
      this.isUnknown = true;
      return;
    }
    const { text } = arguments_;
    const name = text
      .slice(arguments_.start + 1, arguments_.end - 1)
      .replaceAll("''", "'")
      .toLowerCase();
    if (arguments_.next() !== token.punctuation || text[arguments_.start] !== ',') this.isUnknown = true;
    this.names.push(name);
    if (!endsWithTrue(arguments_) && !endsWithTransaction(name)) this.isLasting = true;
  }

  /** The token before the name at hand, a word in lower case. */
  private get before(): string {
    const { text } = this.reader;
    if (this.beforeKind === token.word) return text.slice(this.beforeStart, this.beforeEnd).toLowerCase();
    return this.beforeKind === token.punctuation ? text.slice(this.beforeStart, this.beforeEnd) : '';
  }

  private cut(start: number, end: number): string {
    const { text } = this.reader;
    if (text.charCodeAt(start) === 0x22) return text.slice(start + 1, end - 1);
    return text.slice(start, end).toLowerCase();
  }
}

function isGrammar(word: string): boolean {
  return reservedWords.has(word) || columnNameWords.has(word) || grammarWords.has(word);
}

/** Whether the arguments that lie ahead end with `, true)`. */
function endsWithTrue(scanner: Scanner): boolean {
  const { text } = scanner;
  let last = '';
  let lastButOne = '';
  let tokens = 0;
  for (let depth = 1; depth > 0; ) {
    const kind = scanner.next();
    if (kind === token.end || kind === token.unterminated || ++tokens > lookAheadTokensMax) return false;
    const written = text.slice(scanner.start, scanner.end);
    if (kind === token.punctuation && written === '(') depth++;
    if (kind === token.punctuation && written === ')' && --depth === 0) break;
    lastButOne = last;
    last = written;
  }
  return lastButOne === ',' && last.toLowerCase() === 'true';
}
